#!/bin/sh
# Removes what the installer package of ToneNet installed for all users. Settings, presets and styles stay.
set -eu

plugins=/Library/Audio/Plug-Ins
dry=no
case ${1:-} in
    '') ;;
    --dry-run) dry=yes ;;
    *)
        printf 'Usage: sudo ./uninstall.sh [--dry-run]\n' >&2
        exit 2
        ;;
esac
if [ "$dry" = no ] && [ "$(id -u)" != 0 ]; then
    printf 'error: this needs an administrator; run: sudo ./uninstall.sh\n' >&2
    exit 1
fi

remove() {
    [ -e "$1" ] || [ -h "$1" ] || return 0
    if [ "$dry" = yes ]; then
        printf 'would remove %s\n' "$1"
    else
        rm -rf -- "$1"
        printf 'removed %s\n' "$1"
    fi
}

remove "$plugins/CLAP/ToneNet.clap"
remove "$plugins/VST3/ToneNet.vst3"
remove "$plugins/Components/ToneNet.component"
# Programs, pages and completions, as the package listed them when it was installed.
if pkgutil --pkg-info com.github.tonenet.tonenet.programs >/dev/null 2>&1; then
    pkgutil --only-files --files com.github.tonenet.tonenet.programs | while IFS= read -r file; do
        remove "/usr/local/$file"
    done
fi
[ "$dry" = no ] || exit 0
rmdir /usr/local/lib/tonenet /usr/local/share/doc/tonenet/manual /usr/local/share/doc/tonenet/demo /usr/local/share/doc/tonenet 2>/dev/null || true
for part in clap vst3 component programs; do
    pkgutil --forget "com.github.tonenet.tonenet.$part" >/dev/null 2>&1 || true
done
printf 'ToneNet is removed. Your settings, presets and styles stay in your Library folders.\n'
