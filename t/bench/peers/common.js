// What the services in Node share: Attendee's signature and Zoom's tokens,
// kept for a while and minted by one for all who wait.

'use strict';

const crypto = require('crypto');
const fs = require('fs');
const https = require('https');

const conf = JSON.parse(fs.readFileSync(process.argv[2]));
const key = Buffer.from(conf.attendee_secret, 'base64');
const agent = new https.Agent({ keepAlive: true, maxSockets: 64,
                                ca: fs.readFileSync(conf.ca) });
const log = fs.createWriteStream(conf.log, { flags: 'a' });


function canonical(v) {
    if (Array.isArray(v)) {
        return '[' + v.map(canonical).join(',') + ']';
    }

    if (v !== null && typeof v === 'object') {
        return '{' + Object.keys(v).sort()
            .map((k) => JSON.stringify(k) + ':' + canonical(v[k]))
            .join(',') + '}';
    }

    return JSON.stringify(v);
}


function holds(body, signature) {
    const ours = crypto.createHmac('sha256', key)
        .update(canonical(body)).digest();
    const theirs = Buffer.from(signature || '', 'base64');

    return ours.length === theirs.length
        && crypto.timingSafeEqual(ours, theirs);
}


function call(method, url, headers, body) {
    return new Promise((resolve, reject) => {
        const req = https.request(url, { method, headers, agent }, (res) => {
            const parts = [];

            res.on('data', (part) => parts.push(part));
            res.on('end', () => {
                if (res.statusCode !== 200) {
                    reject(new Error('Zoom said ' + res.statusCode));
                    return;
                }

                resolve(JSON.parse(Buffer.concat(parts)));
            });
        });

        req.setTimeout(5000, () => req.destroy(new Error('timed out')));
        req.on('error', reject);
        req.end(body);
    });
}


// One promise for all who want the same.

function shared(fetch) {
    const kept = new Map();

    return (name) => {
        const now = Date.now();
        let entry = kept.get(name);

        if (!entry || entry.until <= now) {
            entry = { until: Infinity };
            entry.promise = fetch(name).then((got) => {
                entry.until = Date.now() + got.life * 1000;
                return got.value;
            }, (error) => {
                kept.delete(name);
                throw error;
            });

            kept.set(name, entry);
        }

        return entry.promise;
    };
}


const access = shared(async () => {
    const basic = Buffer.from(conf.client_id + ':' + conf.client_secret)
        .toString('base64');
    const answer = await call('POST', conf.oauth_url, {
        'Authorization': 'Basic ' + basic,
        'Content-Type': 'application/x-www-form-urlencoded',
    }, 'grant_type=account_credentials&account_id='
       + encodeURIComponent(conf.account_id));

    return { value: answer.access_token, life: answer.expires_in - 60 };
});


const zak = shared(async (user) => {
    const answer = await call('GET', conf.api_url + '/users/'
        + encodeURIComponent(user) + '/token?type=zak&ttl=7200',
        { 'Authorization': 'Bearer ' + await access('') });

    return { value: answer.token, life: conf.reuse };
});


// The answer to a callback: a status and what to say.

async function answer(raw, signature) {
    let body;

    try {
        body = JSON.parse(raw);
    } catch {
        return [400, { error: 'bad_callback' }];
    }

    if (!holds(body, signature)) {
        return [401, { error: 'unauthenticated' }];
    }

    if (body.callback_type !== 'zoom_tokens') {
        return [400, { error: 'bad_callback' }];
    }

    try {
        return [200, { zak_token: await zak(conf.each
            ? body.bot_metadata.user : conf.user) }];
    } catch {
        return [503, { error: 'zoom_unavailable' }];
    }
}


function logged(req, status, length) {
    log.write(req.socket.remoteAddress + ' - - [' + new Date().toISOString()
        + '] "' + req.method + ' ' + req.url + ' HTTP/1.1" ' + status + ' '
        + length + ' "-" "' + (req.headers['user-agent'] || '-') + '"\n');
}


module.exports = { conf, answer, logged };
