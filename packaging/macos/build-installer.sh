#!/bin/sh
# Signs a release for macOS and makes its installer package, from the files that `cargo xtask dist` has laid out.
#
# Usage: build-installer.sh FILES VERSION OUTPUT
#   FILES    the folder target/dist-files/tonenet-VERSION-macos-universal
#   OUTPUT   the folder for the .pkg and the signed .zip
#
# These variables hold secrets. Without them the step is left out, and a line says so:
#   APPLE_APPLICATION_IDENTITY   signs programs and plugins ("Developer ID Application: …")
#   APPLE_INSTALLER_IDENTITY     signs the package ("Developer ID Installer: …")
#   APPLE_ID, APPLE_TEAM_ID, APPLE_PASSWORD   an account that may notarise, with an app-specific password
set -eu

[ $# -eq 3 ] || {
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
files=$1 output=$3
# Installer compares numbers alone: 0.2.0 of 0.2.0-rc.1. The package's file name says the rest.
version=${2%%-*}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
identifier=com.github.tonenet.tonenet
name=$(basename "$files")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$output"

# Signs what is given, with the hardened runtime where there is an identity; otherwise for this machine alone.
sign() {
    if [ -n "${APPLE_APPLICATION_IDENTITY:-}" ]; then
        codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" \
            --sign "$APPLE_APPLICATION_IDENTITY" "$@"
    else
        codesign --force --sign - "$@"
    fi
}

[ -n "${APPLE_APPLICATION_IDENTITY:-}" ] || echo 'left out: the signature of Apple (no APPLE_APPLICATION_IDENTITY)'
# Inner code first: a bundle's signature covers what is in it.
find "$files" -type f -name '*.dylib' | while IFS= read -r library; do sign "$library"; done
for program in "$files"/bin/*; do sign "$program"; done
for bundle in "$files"/plugins/*; do
    sign "$bundle"
    codesign --verify --strict --deep "$bundle"
done

component_package() {
    # $1: the format's name, $2: the bundle, $3: the folder of plugins
    [ -e "$files/plugins/$2" ] || return 0
    mkdir -p "$work/root-$1"
    ditto "$files/plugins/$2" "$work/root-$1/$2"
    pkgbuild --analyze --root "$work/root-$1" "$work/$1.plist"
    # Otherwise the installer would follow a copy that the user has somewhere else.
    /usr/libexec/PlistBuddy -c 'Set :0:BundleIsRelocatable false' "$work/$1.plist"
    pkgbuild --root "$work/root-$1" --component-plist "$work/$1.plist" --identifier "$identifier.$1" \
        --version "$version" --install-location "/Library/Audio/Plug-Ins/$3" "$work/$1.pkg"
}

component_package clap ToneNet.clap CLAP
component_package vst3 ToneNet.vst3 VST3
component_package component ToneNet.component Components

root=$work/root-programs
mkdir -p "$root/share/doc/tonenet"
ditto "$files/bin" "$root/bin"
ditto "$files/lib" "$root/lib"
ditto "$files/share" "$root/share"
for document in manual demo README.txt LICENSE-APACHE LICENSE-MIT THIRD_PARTY.md rust-standard-library.html uninstall.sh; do
    ditto "$files/$document" "$root/share/doc/tonenet/$document"
done
pkgbuild --root "$root" --identifier "$identifier.programs" --version "$version" --install-location /usr/local \
    "$work/programs.pkg"

# A format that was not built is not offered.
cp "$here/distribution.xml" "$work/distribution.xml"
[ -e "$work/component.pkg" ] || sed -i '' -e '/choice="component"/d' -e '/id="component"/,/<\/choice>/d' \
    -e '/component\.pkg/d' "$work/distribution.xml"
package=$output/$name.pkg
if [ -n "${APPLE_INSTALLER_IDENTITY:-}" ]; then
    productbuild --distribution "$work/distribution.xml" --package-path "$work" --version "$version" \
        --sign "$APPLE_INSTALLER_IDENTITY" --timestamp "$package"
else
    echo 'left out: the signature of the package (no APPLE_INSTALLER_IDENTITY)'
    productbuild --distribution "$work/distribution.xml" --package-path "$work" --version "$version" "$package"
fi

if [ -n "${APPLE_ID:-}" ] && [ -n "${APPLE_TEAM_ID:-}" ] && [ -n "${APPLE_PASSWORD:-}" ]; then
    xcrun notarytool submit "$package" --apple-id "$APPLE_ID" --team-id "$APPLE_TEAM_ID" --password "$APPLE_PASSWORD" --wait
    xcrun stapler staple "$package"
    for bundle in "$files"/plugins/*; do xcrun stapler staple "$bundle"; done
else
    echo 'left out: notarisation (no APPLE_ID, APPLE_TEAM_ID and APPLE_PASSWORD)'
fi

# In place of the archive that was made before the signatures.
rm -f "$output/$name.zip"
ditto -c -k --keepParent "$files" "$output/$name.zip"
echo "$package"
