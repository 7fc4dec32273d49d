/*
 * Stands in for Zoom's Meeting SDK for the web: the same calls, and it objects
 * to what npm's @zoom/meetingsdk 6.2.0 objects to, under the same numbers;
 * t/join_meetingsdk.t asks both the same questions.  Behind that it looks at what
 * only Zoom's servers look at, as far as it can without the SDK secret, under
 * no number.  With the SDK itself this file goes, the page stays.
 */

'use strict';

const {ZoomMtg, ZoomMtgEmbedded} = (() => {

    /* what ZoomMtg.join() knows, and what every call of ZoomMtg's knows */
    const methodParams = {
        join: ['customerJoinId', 'meetingNumber', 'userName', 'passWord',
               'signature', 'apiKey', 'sdkKey', 'userEmail', 'tk', 'zak',
               'customerKey', 'jmak', 'onZak', 'meetingData', 'meetingOpt',
               'recordingToken', 'joinTest', 'childToken', 'obfToken'],

        common: ['success', 'error', 'debug', 'webEndpoint',
                 'showMeetingHeader', 'disableInvite', 'disableCallOut',
                 'disableRecord', 'disableJoinAudio', 'audioPanelAlwaysOpen',
                 'participantId', 'showPureSharingContent'],
    };

    const NOT_SUPPORT = 3;
    const OBF_ERROR = 3636;
    const INVALID_PARAMETER = 4003;

    class Refusal extends Error {
        constructor(message, code) {
            super(message);
            this.code = code;
        }
    }


    function decode(part) {
        const text = atob(part.replace(/-/g, '+').replace(/_/g, '/'));
        const bytes = Uint8Array.from(text, c => c.charCodeAt(0));

        return JSON.parse(new TextDecoder('utf-8', {fatal: true})
                          .decode(bytes));
    }


    /* what is in a signature: both views look before anything else */
    function claimsOf(signature) {
        try {
            const claims = decode(String(signature).split('.')[1]);

            if (claims.appKey || claims.sdkKey) {
                return claims;
            }

        } catch {
            /* none, then */
        }

        return null;
    }


    /* a character of ASCII's counts once, any other unit twice */
    function width(text) {
        let n = 0;

        for (let i = 0; i < text.length; i++) {
            n += text.charCodeAt(i) > 128 ? 2 : 1;
        }

        return n;
    }


    function isAddress(text) {
        const [local, domain, ...more] = text.split('@');

        if (domain === undefined || more.length) {
            return false;
        }

        return local.split('.').every(s => /^[^<>()[\]\\,;:\s"]+$/.test(s))
               && /^(?:[a-z0-9-]+\.)+[a-z]{2,}$/i.test(domain);
    }


    /* ZoomMtg.join() */
    function clientView(kit) {
        const unknown = Object.keys(kit).filter(
            name => !methodParams.join.includes(name)
                    && !methodParams.common.includes(name));

        if (kit.apiKey) {
            throw new Refusal('apiKey is of no use any more', NOT_SUPPORT);
        }

        if (unknown.length) {
            throw new Refusal(`Join parameters: ${unknown} are invalid!`,
                              NOT_SUPPORT);
        }

        if (kit.obfToken && kit.zak) {
            throw new Refusal('obfToken and zak cannot be used '
                              + 'simultaneously', OBF_ERROR);
        }

        const text = name => String(kit[name] || '');
        const refuse = why => {
            throw new Refusal(why, INVALID_PARAMETER);
        };

        for (const name of ['meetingNumber', 'userName', 'passWord',
                            'userEmail', 'participantId'])
        {
            if (/<\/?script>/.test(text(name))) {
                refuse(`${name} has a script tag in it`);
            }
        }

        if (text('meetingNumber').length > 12) {
            refuse('meetingNumber is longer than 12');
        }

        if (!text('userName') || width(text('userName')) > 128) {
            refuse('userName is empty or longer than 128');
        }

        if (width(text('passWord')) > 32) {
            refuse('passWord is longer than 32');
        }

        if (width(text('participantId')) > 36) {
            refuse('participantId is longer than 36');
        }

        if (width(text('userEmail')) > 100) {
            refuse('userEmail is longer than 100');
        }

        if (text('userEmail') && !isAddress(text('userEmail'))) {
            refuse('userEmail is no address');
        }
    }


    /* join() of a ZoomMtgEmbedded client */
    function componentView(kit) {
        if (kit.apiKey) {
            throw new Refusal('apiKey is of no use any more');
        }

        if (!kit.userName) {
            throw new Refusal('userName is empty');
        }

        if (kit.zak && kit.obfToken) {
            throw new Refusal('zak and obfToken are mutually exclusive');
        }
    }


    /* what no package looks at */
    function servers(kit, c) {
        const now = Date.now() / 1000;
        const parts = kit.signature.split('.');
        const header = decode(parts[0]);

        if (parts.length !== 3 || !/^[\w-]{43}$/.test(parts[2])
            || header.alg !== 'HS256' || header.typ !== 'JWT')
        {
            throw new Refusal('the signature is no JWT under HS256');
        }

        if (!c.appKey || (kit.sdkKey && c.appKey !== kit.sdkKey)) {
            throw new Refusal('the signature is for another app');
        }

        if (!/^[0-9]{9,11}$/.test(kit.meetingNumber)
            || String(c.mn) !== String(kit.meetingNumber))
        {
            throw new Refusal('the signature is for another meeting');
        }

        if (c.exp <= now || c.iat > now + 60) {
            throw new Refusal('the signature is not valid at this time');
        }

        if (c.exp - c.iat < 1800 || c.exp - c.iat > 48 * 3600
            || c.tokenExp !== c.exp)
        {
            throw new Refusal('the signature has a life that Zoom does not '
                              + 'allow');
        }

        if (c.role === 1 && !kit.zak) {
            throw new Refusal('role 1 needs the zak of the host');
        }
    }


    return {
        ZoomMtg: {
            methodParams,
            preLoadWasm() {},
            prepareWebSDK() {},

            init(options) {
                setTimeout(options.success, 0);
            },

            /* without a signature that it can read the SDK never answers */
            join(kit) {
                const claims = claimsOf(kit.signature);

                if (!claims) {
                    console.error('the signature has no appKey');
                    return;
                }

                setTimeout(() => {
                    try {
                        clientView(kit);
                        servers(kit, claims);
                        kit.success({status: true});

                    } catch (e) {
                        kit.error({status: false, errorCode: e.code,
                                   errorMessage: e.message});
                    }
                }, 0);
            },
        },

        ZoomMtgEmbedded: {
            createClient: () => ({
                async init() {},

                async join(kit) {
                    const claims = claimsOf(kit.signature);

                    if (!claims) {
                        throw new Refusal('the signature has no appKey');
                    }

                    componentView(kit);
                    servers(kit, claims);
                },
            }),
        },
    };
})();
