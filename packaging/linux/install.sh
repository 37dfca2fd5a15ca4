#!/bin/sh
# Installs ToneNet from the folder that this script lies in. It needs nothing but a POSIX shell and the usual programs.
set -eu

usage() {
    cat <<'END'
Usage: ./install.sh [--system | --prefix FOLDER] [--force] [--dry-run]

Without options, ToneNet is installed for you alone, in your home folder.

  --system         install for all users (needs root: sudo ./install.sh --system)
  --prefix FOLDER  install everything below this folder
  --force          replace files that this script did not install
  --dry-run        show what would be done, and do nothing
  --help           show this text

A DAW that is running keeps the version that it has loaded; restart it afterwards.
END
}

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

# uninstall.sh reads its options alike. Each script must work alone, so neither takes this from the other or from a third file.
mode=user prefix='' force=no dry=no
while [ $# -gt 0 ]; do
    case $1 in
        --system) mode=system ;;
        --prefix)
            [ $# -gt 1 ] || fail '--prefix needs a folder'
            mode=prefix prefix=$2
            shift
            ;;
        --prefix=*) mode=prefix prefix=${1#--prefix=} ;;
        --force) force=yes ;;
        --dry-run) dry=yes ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            usage >&2
            fail "there is no option $1"
            ;;
    esac
    shift
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for part in plugins/ToneNet.clap plugins/ToneNet.vst3 bin lib share manual demo; do
    [ -e "$here/$part" ] || fail "$here is not a whole unpacked ToneNet: it has no $part; unpack the archive again"
done

# The scripts keep lists with one file a line, and part fields by tabs.
case ${HOME:-}${XDG_DATA_HOME:-}$prefix in
    *'	'* | *'
'*) fail 'a folder with a tab or a line break in its name cannot be used; choose another with --prefix' ;;
esac

case $mode in
    user)
        # With sudo the files would land in root's home, where no DAW looks.
        if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ]; then
            fail 'run this without sudo, or add --system to install for all users'
        fi
        [ -n "${HOME:-}" ] || fail 'HOME is not set; use --prefix'
        case ${XDG_DATA_HOME:-} in
            /*) data=$XDG_DATA_HOME ;;
            # The XDG specification says to ignore a relative one.
            *) data=$HOME/.local/share ;;
        esac
        bin=$HOME/.local/bin clap=$HOME/.clap vst3=$HOME/.vst3 share=$data own=$data/tonenet library=$data/tonenet/lib
        ;;
    system)
        # DAWs look for a CLAP plugin of all users in /usr/lib/clap alone.
        bin=/usr/local/bin clap=/usr/lib/clap vst3=/usr/local/lib/vst3 share=/usr/local/share
        own=/usr/local/lib/tonenet library=/usr/local/lib/tonenet
        # Everybody must be able to read what root installs.
        umask 022
        ;;
    prefix)
        [ -n "$prefix" ] || fail '--prefix needs a folder'
        case $prefix in
            /*) ;;
            *) prefix=$PWD/$prefix ;;
        esac
        prefix=${prefix%/}
        bin=$prefix/bin clap=$prefix/lib/clap vst3=$prefix/lib/vst3 share=$prefix/share
        own=$prefix/lib/tonenet library=$prefix/lib/tonenet
        umask 022
        ;;
esac
[ ! -h "$vst3/ToneNet.vst3" ] || fail "$vst3/ToneNet.vst3 is a link to another folder; remove the link and try again"
# Lists the installed files, each with its checksum, for updates and for uninstall.sh.
list=$own/installed-files

# Prints source and destination of each file, parted by a tab.
plan() {
    tab=$(printf '\t')
    (cd "$here" && find bin plugins lib share manual demo -type f | LC_ALL=C sort) | while IFS= read -r file; do
        case $file in
            bin/*) to=$bin/${file#bin/} ;;
            plugins/ToneNet.clap) to=$clap/ToneNet.clap ;;
            plugins/ToneNet.vst3/*) to=$vst3/${file#plugins/} ;;
            lib/tonenet/*) to=$library/${file#lib/tonenet/} ;;
            share/*) to=$share/${file#share/} ;;
            *) to=$share/doc/tonenet/$file ;;
        esac
        printf '%s%s%s\n' "$file" "$tab" "$to"
    done
    for file in LICENSE-APACHE LICENSE-MIT README.txt THIRD_PARTY.md rust-standard-library.html; do
        printf '%s%s%s\n' "$file" "$tab" "$share/doc/tonenet/$file"
    done
    printf '%s%s%s\n' uninstall.sh "$tab" "$own/uninstall.sh"
}

# Whether an earlier installation put this file there, and nobody has changed it since.
is_ours() {
    sum=$(sha256sum 2>/dev/null <"$1") || return 1
    [ -f "$list" ] && grep -F -x -q -- "${sum%% *}  $1" "$list"
}

work=$(mktemp -d)
new=
trap 'rm -rf "$work"; [ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
plan >"$work/plan"

# Nothing is written before everything is known to be free.
while IFS='	' read -r file to; do
    if [ -d "$to" ]; then
        fail "$to is a folder, and a file has to be there; move it away and try again"
    fi
    if { [ -e "$to" ] || [ -h "$to" ]; } && ! is_ours "$to"; then
        printf '%s\n' "$to" >>"$work/foreign"
    fi
done <"$work/plan"
if [ -s "$work/foreign" ] && [ "$force" = no ]; then
    printf 'These files were not installed by this script, or were changed since:\n' >&2
    sed 's/^/  /' "$work/foreign" >&2
    fail 'nothing was changed; move them away, or use --force to replace them'
fi

if [ "$dry" = yes ]; then
    while IFS='	' read -r file to; do
        printf 'would install %s\n' "$to"
    done <"$work/plan"
    exit 0
fi

mkdir -p -- "$own" 2>/dev/null || fail "cannot write to $own$([ $mode = system ] && printf ' (run: sudo ./install.sh --system)')"
while IFS='	' read -r file to; do
    sum=$(sha256sum <"$here/$file")
    printf '%s  %s\n' "${sum%% *}" "$to" >>"$work/list"
done <"$work/plan"

# If this is broken off, uninstall.sh must know the old files and the new ones.
cp "$work/list" "$work/both"
[ ! -f "$list" ] || cat "$list" >>"$work/both"
# Puts a file into its place. It is copied to the destination's folder first, so that the last step is a rename: hosts keep
# the old file open and do not notice, and a full disk leaves the old file as it was.
put() {
    new=$2.new-$$
    cp -- "$1" "$new" && set_mode "$2" "$new" && mv -f -- "$new" "$2" || return 1
    new=
}
# The archive may have been unpacked with rights for one user alone.
set_mode() {
    case $mode,$1 in
        user,*) ;;
        *,"$bin"/* | *.so | *.clap | *.sh) chmod 755 "$2" ;;
        *) chmod 644 "$2" ;;
    esac
}
put "$work/both" "$list" || fail "cannot write $list"

while IFS='	' read -r file to; do
    mkdir -p -- "${to%/*}" || fail "cannot make ${to%/*}"
    put "$here/$file" "$to" || fail "cannot write $to"
done <"$work/plan"

# Files of an earlier version that this one does not have.
cut -c 67- "$work/both" | LC_ALL=C sort -u | while IFS= read -r file; do
    if cut -f 2 "$work/plan" | grep -F -x -q -- "$file" || [ ! -e "$file" ]; then
        continue
    elif is_ours "$file"; then
        rm -f -- "$file"
    else
        printf 'kept, because it was changed since: %s\n' "$file"
    fi
done
for folder in "$vst3/ToneNet.vst3" "$share/doc/tonenet"; do
    find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || :
done
put "$work/list" "$list" || fail "cannot write $list"

# A word as a shell reads it.
quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}
printf 'ToneNet is installed:\n'
printf '  %-9s %s\n' CLAP "$clap/ToneNet.clap" VST3 "$vst3/ToneNet.vst3" programs "$bin" manual "$share/doc/tonenet/manual/index.html"
printf 'Rescan plugins in your DAW. To remove ToneNet:\n'
case $mode in
    user) printf '  sh %s\n' "$(quoted "$own/uninstall.sh")" ;;
    system) printf '  sudo sh %s --system\n' "$own/uninstall.sh" ;;
    prefix) printf '  sh %s --prefix %s\n' "$(quoted "$own/uninstall.sh")" "$(quoted "$prefix")" ;;
esac
case :$PATH: in
    *":$bin:"*) ;;
    *) printf '%s is not in your PATH; type %s/tonenet, or add the folder to PATH.\n' "$bin" "$bin" ;;
esac
if [ $mode = prefix ]; then
    printf 'DAWs do not look there by themselves: add %s and %s to their plugin folders,\n' "$clap" "$vst3"
    printf 'and set TONENET_ORT_DYLIB=%s/libonnxruntime.so for the CLAP plugin.\n' "$library"
fi
