#!/bin/sh
#
# Question:      what becomes of a "customerKey" of more than 36 characters in
#                the component view of @zoom/meetingsdk 6.2.0?
# Likely guess:  join() refuses it, as ZoomMtg.join() does with a passcode that
#                is too long, or Zoom is told all of it.
# Truth:         it is cut to its first 36 characters, and join() goes on: two
#                keys that differ behind those are one.  Nothing but a warning
#                on the console tells.
# Source:        the package, run in Chromium up to its first request to Zoom,
#                where the key is in Base64; the declarations of this view,
#                embedded.d.ts, name no limit.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/meetingsdk.inc
. lib/meetingsdk.inc

node --input-type=module - "$dir" <<'EOS'
import {join} from './lib/meetingsdk.mjs';

const uuid = '00000000-0000-4000-8000-000000000001';
const keys = [uuid, `${uuid}/phone`, `${uuid}/laptop`];

const outcomes = await join(process.argv[2], 'component', keys.map(
    customerKey => ({userName: 'Zoe', password: '', customerKey})));

let as_said = true;

for (const [n, key] of keys.entries()) {
    const {refused, why, sent, warned} = outcomes[n];
    const told = atob(new URLSearchParams(sent).get('customerKey') ?? '');
    const warnings = warned.filter(w => w.includes('customerKey'));

    as_said &&= refused === undefined && told === uuid
                && warnings.length === (key === uuid ? 0 : 1);

    console.log(`"${key}" (${key.length}): `
                + (refused === undefined ? `"${told}" (${told.length})`
                                         : `error ${refused}, ${why}`)
                + warnings.map(w => `; a warning: ${w}`).join(''));
}

if (!as_said) {
    console.log('That is not what was seen before.');
    process.exitCode = 1;
}
EOS
