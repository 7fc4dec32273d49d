#!/bin/sh
#
# Question:      how long may "userName" be for ZoomMtg.join() of
#                @zoom/meetingsdk 6.2.0?
# Likely guess:  so many characters, whichever they are: 64, or the 128 that
#                its error speaks of.
# Truth:         a width of 128.  A unit of UTF-16 up to U+0080 is 1 wide, any
#                other 2: 128 letters of ASCII's join, 65 with an umlaut are
#                refused with error 4003, and so are 33 emoji, of two units
#                each.
# Source:        the package, run in Chromium up to its first request to Zoom;
#                its declarations, index.d.ts, name no limit.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/meetingsdk.inc
. lib/meetingsdk.inc

node --input-type=module - "$dir" <<'EOS'
import {join} from './lib/meetingsdk.mjs';

const cases = [
    ['x', 64, true], ['x', 65, true], ['x', 128, true], ['x', 129, false],
    ['\u00e4', 64, true], ['\u00e4', 65, false],
    ['\u540d', 64, true], ['\u540d', 65, false],
    ['\u{1f600}', 32, true], ['\u{1f600}', 33, false],
];

const outcomes = await join(process.argv[2], 'client',
    cases.map(([c, times]) => ({userName: c.repeat(times), passWord: ''})));

let as_said = true;

for (const [n, [c, times, joins]] of cases.entries()) {
    const {refused, why, asked, sent} = outcomes[n];
    const went = asked !== undefined
                 && new URLSearchParams(sent).get('userName')
                    === c.repeat(times);

    as_said &&= joins ? went : refused === 4003;

    console.log(`${times} times "${c}": `
                + (went ? 'goes to Zoom' : `error ${refused}, ${why}`));
}

if (!as_said) {
    console.log('That is not what was seen before.');
    process.exitCode = 1;
}
EOS
