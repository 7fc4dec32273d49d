/* Asks nginx for the join kit and joins with it. */

'use strict';

(() => {

    const form = document.getElementById('form');
    const result = document.getElementById('result');
    const verdict = document.getElementById('verdict');

    /* Nobody should read these over somebody's shoulder. */
    const secret = {signature: 8, zak: 8, obfToken: 8, recordingToken: 8,
                    tk: 4, passWord: 1};


    function shortened(name, value) {
        const keep = secret[name];

        if (keep === undefined || value.length <= keep) {
            return value;
        }

        return `${value.slice(0, keep)}… (${value.length} characters)`;
    }


    /* Text only: what comes back holds what strangers wrote. */
    function row(table, name, text) {
        const tr = document.createElement('tr');
        const th = document.createElement('th');
        const td = document.createElement('td');

        th.scope = 'row';
        th.textContent = name;
        td.textContent = text === '' ? 'none' : text;
        td.className = text === '' ? 'none' : '';
        tr.dataset.field = name;
        tr.append(th, td);
        document.querySelector(`#${table} tbody`).append(tr);
    }


    function say(good, word, text) {
        const b = document.createElement('b');

        b.textContent = word;
        verdict.className = good ? '' : 'bad';
        verdict.replaceChildren(b, text);
        result.hidden = false;
        document.body.dataset.done = word;
    }


    function reset() {
        for (const body of document.querySelectorAll('tbody')) {
            body.replaceChildren();
            body.parentNode.hidden = true;
        }

        result.hidden = true;
        delete document.body.dataset.done;
    }


    function meaning(name, value) {
        if (name === 'role') {
            return `${value} (${value === 1 ? 'host' : 'participant'})`;
        }

        if (name === 'iat' || name === 'exp' || name === 'tokenExp') {
            return new Date(value * 1000).toISOString().replace('.000', '');
        }

        return String(value);
    }


    function show(kit) {
        for (const name of Object.keys(kit)) {
            row('kit', name, shortened(name, String(kit[name])));
        }

        const part = kit.signature.split('.')[1];
        const claims = JSON.parse(atob(part.replace(/-/g, '+')
                                           .replace(/_/g, '/')));

        for (const name of Object.keys(claims)) {
            row('claims', name, meaning(name, claims[name]));
        }

        for (const table of document.querySelectorAll('table')) {
            table.hidden = false;
        }
    }


    async function ask() {
        const data = new FormData(form);
        const meeting = data.get('meeting').trim();

        /* numbers are often written in groups */
        const number = meeting.replace(/[ -]/g, '');
        const what = /^[0-9]+$/.test(number) ? {meeting_number: number}
                                             : {meeting_url: meeting};

        const answer = await fetch(form.action, {
            method: 'POST',
            cache: 'no-store',
            headers: {'Content-Type': 'application/json'},
            body: JSON.stringify({
                ...what,
                passWord: data.get('passWord'),
                userName: data.get('userName').trim(),
                role: Number(data.get('role')),
            }),
        });

        const kit = await answer.json();

        if (!answer.ok) {
            throw new Error(`${kit.message} (${answer.status} ${kit.error})`);
        }

        return kit;
    }


    function join(kit) {
        return new Promise((joined, failed) => {
            ZoomMtg.init({
                leaveUrl: location.href,
                success: () => ZoomMtg.join({
                    ...kit,
                    success: joined,
                    error: e => failed(new Error(`ZoomMtg.join(): `
                                                 + e.errorMessage)),
                }),
                error: e => failed(new Error(e.errorMessage)),
            });
        });
    }


    async function submit() {
        const button = form.querySelector('button');

        reset();
        button.disabled = true;

        try {
            const kit = await ask();

            show(kit);
            await join(kit);
            say(true, 'Joined', `meeting ${kit.meetingNumber} as `
                                + `“${kit.userName}”.`);

        } catch (e) {
            say(false, 'Not joined', e.message);
        }

        button.disabled = false;
    }


    /* join/#meeting=123456789&userName=Me&now=1 fills in the form. */
    function prefill() {
        const wish = new URLSearchParams(location.hash.slice(1));

        for (const field of form.elements) {
            if (field.name && wish.has(field.name)) {
                field.value = wish.get(field.name);
            }
        }

        return wish.has('now');
    }


    ZoomMtg.preLoadWasm();
    ZoomMtg.prepareWebSDK();

    form.addEventListener('submit', event => {
        event.preventDefault();
        submit();
    });

    if (prefill()) {
        submit();
    }
})();
