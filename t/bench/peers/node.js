// The service on Node's own http module.

'use strict';

const http = require('http');
const { conf, answer, logged } = require('./common.js');


http.createServer((req, res) => {
    const parts = [];

    req.on('data', (part) => parts.push(part));
    req.on('end', async () => {
        const [status, said] = await answer(Buffer.concat(parts),
            req.headers['x-webhook-signature']);
        const text = JSON.stringify(said);

        res.writeHead(status, {
            'Content-Type': 'application/json',
            'Content-Length': text.length,
            'Cache-Control': 'no-store',
        });
        res.end(text);
        logged(req, status, text.length);
    });
}).listen(conf.port, '127.0.0.1', 2048);
