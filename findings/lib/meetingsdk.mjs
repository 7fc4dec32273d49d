/*
 * Joins with Zoom's Meeting SDK in a Chromium without a screen, once with each
 * kit, and tells what came of it.
 *
 *     const outcomes = await join(directory, 'client', [{userName: 'Zoe'}]);
 *
 * The directory is where npm installed @zoom/meetingsdk, and takes Chromium's
 * profile; the view is "client" or "component".  A kit may leave out number and
 * signature.  An outcome has "refused" and "why", an error's number and text,
 * or "asked" and "sent", the first request to Zoom: its address and form.
 * "warned" is what the console was warned of.  That request is not sent:
 * nothing leaves the loopback interface.
 */

import {spawn} from 'node:child_process';
import {createHmac} from 'node:crypto';
import {mkdirSync, readFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {extname, normalize} from 'node:path';
import {text} from 'node:stream/consumers';

const seconds = 120;
const number = '123456789';

const types = {'.html': 'text/html', '.js': 'text/javascript',
               '.json': 'application/json', '.css': 'text/css',
               '.wasm': 'application/wasm'};


/* good in form: nobody checks who made it before the first request */
function signature(mn) {
    const part = o => Buffer.from(JSON.stringify(o)).toString('base64url');
    const iat = Math.floor(Date.now() / 1000) - 30;
    const exp = iat + 7200;
    const signed = part({alg: 'HS256', typ: 'JWT'}) + '.'
                   + part({appKey: 'an-sdk-key', mn, role: 0, iat, exp,
                           tokenExp: exp});

    return signed + '.' + createHmac('sha256', 'an-sdk-secret')
                          .update(signed).digest('base64url');
}


/* runs in the browser, in a document of its own for each kit */
async function joinOne({view, version, kit}) {
    const warned = [];
    const {warn} = console;
    let told = false;

    console.warn = (...what) => {
        warned.push(what.map(String).join(' '));
        warn.apply(console, what);
    };

    function tell(outcome) {
        if (!told) {
            told = true;
            parent.postMessage({warned, ...outcome}, '*');
        }
    }

    const refused = e => tell({refused: e.errorCode ?? 0,
                               why: String(e.errorMessage ?? e.message)});

    function leaves(url, body) {
        if (new URL(url, location).host === location.host) {
            return false;
        }

        tell({asked: String(url), sent: String(body)});
        return true;
    }

    const {open, send} = XMLHttpRequest.prototype;

    XMLHttpRequest.prototype.open = function (method, url, ...more) {
        this.url = url;
        return open.call(this, method, url, ...more);
    };

    XMLHttpRequest.prototype.send = function (body) {
        return leaves(this.url, body) ? undefined : send.call(this, body);
    };

    const {fetch} = window;

    window.fetch = (what, options) =>
        leaves(what.url ?? what, options?.body)
        ? new Promise(() => {}) : fetch(what, options);

    const load = src => new Promise((done, failed) => {
        const script = document.createElement('script');

        Object.assign(script, {src, onload: done, onerror: failed});
        document.head.append(script);
    });

    try {
        const lib = `${location.origin}/dist/lib`;

        for (const name of ['react', 'react-dom', 'redux', 'redux-thunk',
                            'lodash'])
        {
            await load(`${lib}/vendor/${name}.min.js`);
        }

        if (view === 'client') {
            await load(`/dist/zoom-meeting-${version}.min.js`);

            ZoomMtg.setZoomJSLib(lib, '/av');
            ZoomMtg.preLoadWasm();
            ZoomMtg.prepareWebSDK();
            ZoomMtg.init({
                leaveUrl: location.href,
                error: refused,
                success: () => ZoomMtg.join({...kit, error: refused}),
            });

        } else {
            await load('/dist/zoom-meeting-embedded-ES5.min.js');

            const client = ZoomMtgEmbedded.createClient();

            await client.init({
                zoomAppRoot: document.getElementById('zmmtg-root'),
                language: 'en-US',
                assetPath: `${lib}/av`,
            });

            await client.join(kit);
        }

    } catch (e) {
        refused(e);
    }
}


/* runs in the browser as well: one frame after the other */
async function joinAll(count) {
    const outcomes = [];

    for (let n = 0; n < count; n++) {
        const frame = document.createElement('iframe');

        outcomes.push(await new Promise(done => {
            onmessage = e => e.source === frame.contentWindow && done(e.data);
            frame.src = `/one/${n}`;
            document.body.append(frame);
        }));

        frame.remove();
    }

    await fetch('/outcomes', {method: 'POST', body: JSON.stringify(outcomes)});
}


function page(script, ...args) {
    const given = args.map(a => JSON.stringify(a).replaceAll('<', '\\u003c'));

    return `<!DOCTYPE html><meta charset="utf-8"><body>
            <div id="zmmtg-root"></div>
            <script>(${script})(${given})</script>`;
}


/* what the browser asks for; without a type it is a file of the package's */
function answer(path, sdk, view, kits) {
    const {version} = JSON.parse(readFileSync(`${sdk}/package.json`));

    if (path === '/all') {
        return ['.html', page(joinAll, kits.length)];
    }

    if (path.startsWith('/one/')) {
        const kit = {meetingNumber: number, signature: signature(number),
                     ...kits[Number(path.slice(5))]};

        return ['.html', page(joinOne, {view, version, kit})];
    }

    return [extname(path), readFileSync(sdk + path)];
}


function serve(directory, view, kits, done) {
    const sdk = `${directory}/node_modules/@zoom/meetingsdk`;

    return createServer(async (request, response) => {
        const path = normalize(request.url.split('?')[0]);

        if (path === '/outcomes') {
            done(JSON.parse(await text(request)));
            response.end();
            return;
        }

        try {
            const [type, body] = answer(path, sdk, view, kits);

            response.setHeader('Content-Type', types[type] ?? 'text/plain');
            response.end(body);

        } catch {
            response.writeHead(404).end();
        }
    });
}


/* in a group of its own, so that what it starts ends with it */
function browse(home, url) {
    mkdirSync(home, {recursive: true});

    return spawn('chromium', [
        '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
        '--no-first-run', '--disable-background-networking', '--disable-sync',
        '--disable-component-update', '--disable-dev-shm-usage',
        '--no-proxy-server', `--user-data-dir=${home}`,
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        '--remote-debugging-port=0', url,
    ], {env: {...process.env, HOME: home, TMPDIR: home}, detached: true,
        stdio: 'ignore'});
}


export async function join(directory, view, kits) {
    let told;
    const outcomes = new Promise(done => { told = done; });
    const server = serve(directory, view, kits, told);

    await new Promise(done => server.listen(0, '127.0.0.1', done));

    const chromium = browse(`${directory}/chromium`,
                            `http://127.0.0.1:${server.address().port}/all`);
    const gone = new Promise(done => chromium.on('exit', done));

    const end = () => {
        try {
            process.kill(-chromium.pid);
        } catch {
            /* it has ended by itself */
        }
    };

    const timer = setTimeout(end, seconds * 1000);

    process.once('SIGINT', end).once('SIGTERM', end);

    try {
        return await Promise.race([outcomes, gone.then(() => {
            throw new Error('Chromium ended without an outcome');
        })]);

    } finally {
        clearTimeout(timer);
        end();
        await gone;
        server.closeAllConnections();
        server.close();
    }
}
