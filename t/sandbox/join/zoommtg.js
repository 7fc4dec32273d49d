/*
 * Stands in for Zoom's Meeting SDK: the same calls, and it objects to what
 * the SDK would object to.  It does not know the SDK secret, so it can't tell
 * a forged signature.  With the SDK itself this file goes, the page stays.
 */

'use strict';

const ZoomMtg = (() => {

    function decode(part) {
        const text = atob(part.replace(/-/g, '+').replace(/_/g, '/'));
        const bytes = Uint8Array.from(text, c => c.charCodeAt(0));

        return JSON.parse(new TextDecoder('utf-8', {fatal: true})
                          .decode(bytes));
    }

    function claims(signature) {
        const parts = signature.split('.');
        const header = decode(parts[0]);

        if (parts.length !== 3 || !/^[\w-]{43}$/.test(parts[2])
            || header.alg !== 'HS256' || header.typ !== 'JWT')
        {
            throw new Error('not a JWT under HS256');
        }

        return decode(parts[1]);
    }

    function complaint(kit) {
        const now = Date.now() / 1000;
        let c;

        for (const name of ['sdkKey', 'signature', 'meetingNumber',
                            'passWord', 'userName'])
        {
            if (typeof kit[name] !== 'string') {
                return `${name} is missing`;
            }
        }

        if (kit.userName === '') {
            return 'userName is empty';
        }

        if (!/^[0-9]{9,11}$/.test(kit.meetingNumber)) {
            return 'meetingNumber is none';
        }

        try {
            c = claims(kit.signature);

        } catch (e) {
            return `the signature is invalid: ${e.message}`;
        }

        if (c.sdkKey !== kit.sdkKey || c.appKey !== kit.sdkKey) {
            return 'the signature is for another sdkKey';
        }

        if (String(c.mn) !== kit.meetingNumber) {
            return 'the signature is for another meeting';
        }

        if (c.exp <= now || c.iat > now + 60) {
            return 'the signature is not valid at this time';
        }

        if (c.exp - c.iat < 1800 || c.exp - c.iat > 48 * 3600
            || c.tokenExp !== c.exp)
        {
            return 'the signature has a life that Zoom does not allow';
        }

        if (c.role === 1 && !kit.zak) {
            return 'role 1 needs the zak of the host';
        }

        return null;
    }

    return {
        preLoadWasm() {},
        prepareWebSDK() {},

        init(options) {
            setTimeout(options.success, 0);
        },

        join(kit) {
            const reason = complaint(kit);

            setTimeout(() => {
                if (reason) {
                    kit.error({status: false, errorMessage: reason});
                } else {
                    kit.success({status: true});
                }
            }, 0);
        },
    };
})();
