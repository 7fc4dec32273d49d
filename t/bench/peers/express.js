// The service on Express.

'use strict';

const { conf, answer, logged } = require('./common.js');
const express = require(conf.express);

const app = express();

app.disable('x-powered-by');
app.disable('etag');

app.post('/zoom-tokens', express.raw({ type: '*/*', limit: '64kb' }),
    async (req, res) => {
        const [status, said] = await answer(req.body,
            req.get('X-Webhook-Signature'));
        const text = JSON.stringify(said);

        res.set('Cache-Control', 'no-store');
        res.status(status).type('json').send(text);
        logged(req, status, text.length);
    });

app.listen(conf.port, '127.0.0.1', 2048);
