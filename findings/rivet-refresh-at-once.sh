#!/bin/sh
#
# Question:      an OAuth client of @zoom/rivet 0.4.0 holds an access token that
#                has expired, and its refresh token.  Four calls are made at
#                once.  How often is the token refreshed?
# Likely guess:  once: the client fetches its tokens by itself, and the calls
#                wait for the one that has begun.
# Truth:         four times, each with the same refresh token.  Zoom replaces a
#                refresh token when it is used, so a server that takes each of
#                them once serves one call; the others end with
#                OAuthTokenRefreshFailedError.  The grant itself survives: the
#                failed ones store nothing, and a call after them succeeds.  So
#                calls must not be made at once where a token may be old, or
#                each is to be repeated once.
# Source:        the package, with an adapter for its axios in the place of
#                Zoom, which takes each refresh token once.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/rivet.inc
. lib/rivet.inc

cat > "$dir/run.mjs" <<'EOS'
import axios from 'axios';
import { MeetingsOAuthClient } from '@zoom/rivet/meetings';

const asked = [];
let valid = 'refresh-0';
let stored = {
    accessToken: 'access-0', refreshToken: valid, scopes: [],
    expirationTimeIso: new Date(Date.now() - 1000).toISOString(),
};


function zoom(config) {
    if (axios.getUri(config) !== 'https://zoom.us/oauth/token') {
        return [200, {}];
    }

    const token = new URLSearchParams(config.data).get('refresh_token');

    asked.push(token);

    if (token !== valid) {
        return [400, { reason: 'Invalid Token!', error: 'invalid_grant' }];
    }

    valid = `refresh-${asked.length}`;

    return [200, { access_token: `access-${asked.length}`,
                   refresh_token: valid, expires_in: 3600, scope: 'none',
                   token_type: 'bearer' }];
}


axios.defaults.adapter = async config => {
    await new Promise(resolve => setTimeout(resolve, 50));

    const [status, data] = zoom(config);
    const response = { status, data, headers: {}, config, statusText: '' };

    if (config.validateStatus(status)) {
        return response;
    }

    throw new axios.AxiosError(`status ${status}`, 'ERR_BAD_REQUEST', config,
                               null, response);
};

const { meetings } = new MeetingsOAuthClient({
    clientId: 'none', clientSecret: 'none', webhooksSecretToken: 'none',
    disableReceiver: true,
    installerOptions: { redirectUri: 'https://app.example.com',
                        stateStore: 'a secret of more than 32 characters' },
    tokenStore: {
        getLatestToken: () => stored,
        storeToken: token => { stored = token; },
    },
}).endpoints;

const get = () => meetings.getMeeting({ path: { meetingId: 85746065432 } });
const calls = await Promise.allSettled([get(), get(), get(), get()]);
const failed = calls.filter(c => c.status === 'rejected')
                    .map(c => c.reason.name);

console.log(`refreshed with: ${asked.join(', ')}`);
console.log(`calls that failed: ${failed.length}, ${failed[0]}`);

const { statusCode } = await get();

console.log(`one more call: ${statusCode}`);

if (asked.join() !== Array(4).fill('refresh-0').join()
    || failed.join() !== Array(3).fill('OAuthTokenRefreshFailedError').join()
    || statusCode !== 200)
{
    console.log('That is not what was seen before.');
    process.exitCode = 1;
}
EOS

node "$dir/run.mjs"
