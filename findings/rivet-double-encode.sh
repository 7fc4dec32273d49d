#!/bin/sh
#
# Question:      the UUID of a meeting may hold "/", and Zoom wants such a one
#                encoded twice.  A client of @zoom/rivet 0.4.0 has the option
#                doubleEncodeUrl.  What does it encode?
# Likely guess:  each value that goes into the path, as Zoom wants it of a UUID.
# Truth:         the whole path below baseUrl, with the slashes between its
#                segments: every request of such a client, also one with a plain
#                number, is for a single segment, "%252Fpast_meetings%252F...",
#                which is no endpoint of Zoom's.  Without the option values are
#                put in as they are, so the caller has to encode a UUID, and
#                only that.
# Source:        the package, run against a server that writes down the request
#                line; its declarations have the option without a word.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/rivet.inc
. lib/rivet.inc

cat > "$dir/run.mjs" <<'EOS'
import { createServer } from 'node:http';
import { MeetingsS2SAuthClient } from '@zoom/rivet/meetings';

const uuid = '/ajXp112QmuoKj4854875//==';
let line;

const server = createServer((request, response) => {
    line = request.url;
    response.setHeader('Content-Type', 'application/json');
    response.end('{}');
});

await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));

const client = doubleEncodeUrl => new MeetingsS2SAuthClient({
    clientId: 'none', clientSecret: 'none', accountId: 'none',
    disableReceiver: true, doubleEncodeUrl,
    baseUrl: `http://127.0.0.1:${server.address().port}/v2`,
    tokenStore: {
        getLatestToken: () => ({
            accessToken: 'none', scopes: [],
            expirationTimeIso: new Date(Date.now() + 3.6e6).toISOString(),
        }),
        storeToken() {},
    },
});

const cases = [
    [true, '85746065432', '/v2/%252Fpast_meetings%252F85746065432'],
    [true, uuid, '/v2/%252Fpast_meetings%252F%252FajXp112QmuoKj4854875'
                 + '%252F%252F%253D%253D'],
    [false, '85746065432', '/v2/past_meetings/85746065432'],
    [false, uuid, `/v2/past_meetings/${uuid}`],
    [false, encodeURIComponent(encodeURIComponent(uuid)),
     '/v2/past_meetings/%252FajXp112QmuoKj4854875%252F%252F%253D%253D'],
];

for (const [option, meetingId, expected] of cases) {
    await client(option).endpoints.meetings.getPastMeetingDetails(
        { path: { meetingId } });

    console.log(`doubleEncodeUrl ${option}, "${meetingId}":\n    ${line}`);

    if (line !== expected) {
        console.log('That is not what was seen before.');
        process.exitCode = 1;
    }
}

server.close();
EOS

node "$dir/run.mjs"
