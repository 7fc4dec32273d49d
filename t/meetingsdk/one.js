/*
 * Joins with one kit, by Zoom's Meeting SDK or by the mock of it, and tells
 * what came of it: a refusal, or the first request to another host, which is
 * never sent.
 */

'use strict';

(async () => {

    const wish = new URLSearchParams(location.search);
    const n = Number(wish.get('n'));
    const {view, kit} = cases[n];
    const sdk = `${location.origin}/sdk`;

    const scripts = {
        mock: ['/join/zoommtg.js'],
        real: [...['react', 'react-dom', 'redux', 'redux-thunk', 'lodash']
                   .map(name => `/sdk/lib/vendor/${name}.min.js`),
               view === 'client' ? `/sdk/zoom-meeting-${version}.min.js`
                                 : '/sdk/zoom-meeting-embedded-ES5.min.js'],
    };

    let told = false;

    function tell(outcome) {
        if (!told) {
            told = true;
            frameElement.told({params: n === 0 ? params() : null, ...outcome});
        }
    }

    function params() {
        const {join, common} = ZoomMtg.methodParams;

        return {join, common};
    }

    function refused(e) {
        tell({refused: e.errorCode ?? 0, why: e.errorMessage ?? e.message});
    }

    function leaves(url, body) {
        if (new URL(url, location).host === location.host) {
            return false;
        }

        tell({asked: String(url), body: String(body)});
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


    function load(src) {
        return new Promise((done, failed) => {
            const script = document.createElement('script');

            Object.assign(script, {src, onload: done, onerror: failed});
            document.head.append(script);
        });
    }

    function clientView() {
        ZoomMtg.setZoomJSLib?.(`${sdk}/lib`, '/av');
        ZoomMtg.preLoadWasm();
        ZoomMtg.prepareWebSDK();

        ZoomMtg.init({
            leaveUrl: location.href,
            error: refused,
            success() {
                /* what it can't read it may never answer */
                setTimeout(() => tell({silent: true}), 60000);

                ZoomMtg.join({...kit, success: () => tell({joined: true}),
                              error: refused});
            },
        });
    }

    async function componentView() {
        const client = ZoomMtgEmbedded.createClient();

        await client.init({
            zoomAppRoot: document.getElementById('zmmtg-root'),
            language: 'en-US',
            assetPath: `${sdk}/lib/av`,
        });

        await client.join(kit);
        tell({joined: true});
    }

    try {
        for (const src of scripts[wish.get('of')]) {
            await load(src);
        }

        await (view === 'client' ? clientView() : componentView());

    } catch (e) {
        refused(e);
    }
})();
