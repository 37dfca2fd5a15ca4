#!/bin/sh
# Removes what install.sh installed, and nothing else.
set -eu

usage() {
    cat <<'END'
Usage: ./uninstall.sh [--system | --prefix FOLDER] [--dry-run]

Use the same option as for install.sh. Your settings, presets and styles stay.

  --dry-run  show what would be done, and do nothing
  --help     show this text
END
}

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

# install.sh reads its options alike. Each script must work alone, so neither takes this from the other or from a third file.
mode=user prefix='' dry=no
while [ $# -gt 0 ]; do
    case $1 in
        --system) mode=system ;;
        --prefix)
            [ $# -gt 1 ] || fail '--prefix needs a folder'
            mode=prefix prefix=$2
            shift
            ;;
        --prefix=*) mode=prefix prefix=${1#--prefix=} ;;
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

case $mode in
    user)
        [ -n "${HOME:-}" ] || fail 'HOME is not set; use --prefix'
        case ${XDG_DATA_HOME:-} in
            /*) own=$XDG_DATA_HOME/tonenet ;;
            *) own=$HOME/.local/share/tonenet ;;
        esac
        ;;
    system) own=/usr/local/lib/tonenet ;;
    prefix)
        [ -n "$prefix" ] || fail '--prefix needs a folder'
        case $prefix in
            /*) ;;
            *) prefix=$PWD/$prefix ;;
        esac
        own=${prefix%/}/lib/tonenet
        ;;
esac
list=$own/installed-files
[ -f "$list" ] || fail "nothing is installed there: there is no $list"
if [ "$dry" = no ]; then
    [ -w "$own" ] || fail "cannot write to $own$([ $mode = system ] && printf ' (run: sudo ./uninstall.sh --system)')"
fi

# Folders that carry our name go when they are empty; shared ones, such as ~/.vst3, stay.
remove_empty_folders() {
    folder=${1%/*}
    while :; do
        case $folder in
            */ToneNet.vst3 | */ToneNet.vst3/* | */tonenet | */tonenet/*) rmdir -- "$folder" 2>/dev/null || return 0 ;;
            *) return 0 ;;
        esac
        folder=${folder%/*}
    done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/list
cp "$list" "$copy"
# A file may be listed twice, with the checksums of two versions, if an update was broken off.
kept=no
cut -c 67- "$copy" | LC_ALL=C sort -u >"$work/files"
while IFS= read -r file; do
    [ -e "$file" ] || [ -h "$file" ] || continue
    sum=$(sha256sum <"$file" 2>/dev/null || printf 'none ')
    if ! grep -F -x -q -- "${sum%% *}  $file" "$copy"; then
        printf 'kept, because it was changed since: %s\n' "$file"
        kept=yes
    elif [ "$dry" = yes ]; then
        printf 'would remove %s\n' "$file"
    else
        rm -f -- "$file"
        remove_empty_folders "$file"
    fi
done <"$work/files"
[ "$dry" = no ] || exit 0
rm -f -- "$list"
remove_empty_folders "$list"
printf 'ToneNet is removed.\n'
[ "$kept" = no ] || printf 'The files named above are left.\n'
if [ "$mode" = user ]; then
    printf 'Your settings, presets and styles stay in %s.\n' "${XDG_CONFIG_HOME:-$HOME/.config}/tonenet"
fi
