#!/bin/sh
# Runs Apple's validator, as strict as it can be, on an installed Audio Unit.
#
# Usage: validate-audio-unit.sh FOLDER.component
set -eu

[ $# -eq 1 ] || {
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
list=$1/Contents/Info.plist
# The codes by which hosts know the unit, as the bundle itself states them.
code() { /usr/libexec/PlistBuddy -c "Print :AudioComponents:0:$1" "$list"; }
# The system reads new units when its registrar starts again.
killall -9 AudioComponentRegistrar 2>/dev/null || true
auval -strict -v "$(code type)" "$(code subtype)" "$(code manufacturer)"
