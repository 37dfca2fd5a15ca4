#!/bin/sh
# Gets the plugin formats' validators for the workflow that builds releases. What is there already is kept.
#
# Usage: get.sh FOLDER
# Afterwards FOLDER holds clap-validator, validator (Steinberg's) and, where there is a build of it, pluginval.
set -eu

# Commits, because a tag can be moved.
clap_validator=152b9823e992d782c5c1fd33bca0295478b919aa # 0.4.1
vst3sdk=9fad9770f2ae8542ab1a548a68c1ad1ac690abe0        # v3.8.0_build_66
# Only by its tag: we could not download the archives, so we do not know their checksums.
pluginval=v1.0.4

[ $# -eq 1 ] || {
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
mkdir -p "$1"
cd "$1"
case $(uname -s) in
    Linux) ending='' system=Linux ;;
    Darwin) ending='' system=macOS ;;
    *) ending=.exe system=Windows ;;
esac

if [ ! -e "clap-validator$ending" ]; then
    cargo install --locked --git https://github.com/free-audio/clap-validator --rev "$clap_validator" --root clap-validator-root clap-validator
    mv "clap-validator-root/bin/clap-validator$ending" .
    rm -rf clap-validator-root
fi

if [ ! -e "validator$ending" ]; then
    rm -rf vst3sdk vst3sdk-build
    git init --quiet vst3sdk
    # Its submodules lie beside it, by relative addresses.
    git -C vst3sdk remote add origin https://github.com/steinbergmedia/vst3sdk
    git -C vst3sdk fetch --quiet --depth 1 origin "$vst3sdk"
    git -C vst3sdk checkout --quiet FETCH_HEAD
    git -C vst3sdk submodule --quiet update --init --recursive --depth 1
    cmake -S vst3sdk -B vst3sdk-build -DCMAKE_BUILD_TYPE=Release -DSMTG_ENABLE_VSTGUI_SUPPORT=OFF \
        -DSMTG_ENABLE_VST3_PLUGIN_EXAMPLES=OFF -DSMTG_ENABLE_VST3_HOSTING_EXAMPLES=OFF -DSMTG_RUN_VST_VALIDATOR=OFF
    cmake --build vst3sdk-build --config Release --target validator --parallel
    find vst3sdk-build/bin -name "validator$ending" -type f -exec mv {} . \;
    rm -rf vst3sdk vst3sdk-build
fi

# Its makers build it for these; a build for ARM Linux would take JUCE and half an hour.
if [ ! -e "pluginval$ending" ] && [ ! -e pluginval.app ]; then
    case $system-$(uname -m) in
        Linux-aarch64) echo 'left out: pluginval, of which there is no build for this processor' ;;
        *)
            curl --fail --silent --show-error --location --output pluginval.zip \
                "https://github.com/Tracktion/pluginval/releases/download/$pluginval/pluginval_$system.zip"
            unzip -q pluginval.zip
            rm pluginval.zip
            ;;
    esac
fi
ls -l
