/* Lines of a stranger's: timestamp, signature; what is left is a body. */

#include <stdlib.h>
#include <string.h>

#include "zoom_event.h"
#include "zoom_webhook.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


#define FUZZ_NOW     1720705455
#define FUZZ_WINDOW  7200


static zoom_str_t
fuzz_line(zoom_str_t *text)
{
    zoom_str_t            line;
    const unsigned char  *end;

    line = *text;
    end = text->len ? memchr(text->data, '\n', text->len) : NULL;

    if (end == NULL) {
        text->data += text->len;
        text->len = 0;
        return line;
    }

    line.len = (size_t) (end - text->data);
    text->data += line.len + 1;
    text->len -= line.len + 1;

    return line;
}


/* A value of an event is a piece of the body, or of the event's own text. */

static void
fuzz_inside(const zoom_event_t *e, zoom_str_t body, zoom_str_t s)
{
    if (s.len == 0
        || (s.data >= body.data && s.data + s.len <= body.data + body.len)
        || (s.data >= e->text && s.data + s.len <= e->text + e->used))
    {
        return;
    }

    abort();
}


static void
fuzz_event(const zoom_hmac_t *key, zoom_str_t body)
{
    zoom_buf_t      answer;
    zoom_event_t   *e;
    unsigned char   text[ZOOM_WEBHOOK_ANSWER_MAX];

    e = malloc(sizeof(zoom_event_t));

    if (e == NULL) {
        abort();
    }

    if (zoom_event_read(e, body) == NULL) {
        zoom_buf_init(&answer, text, sizeof(text));

        (void) zoom_webhook_answer(key, e->plain_token, &answer);

        if (answer.overflow || e->name.len == 0
            || e->name.len > ZOOM_EVENT_NAME_MAX
            || e->used > ZOOM_EVENT_TEXT_MAX)
        {
            abort();
        }

        (void) zoom_event_known(e->name);

        fuzz_inside(e, body, e->name);
        fuzz_inside(e, body, e->plain_token);
        fuzz_inside(e, body, e->account_id);
        fuzz_inside(e, body, e->user_id);
        fuzz_inside(e, body, e->client_id);
        fuzz_inside(e, body, e->id);
        fuzz_inside(e, body, e->uuid);
        fuzz_inside(e, body, e->email);
        fuzz_inside(e, body, e->host_id);
        fuzz_inside(e, body, e->meeting_id);
    }

    free(e);
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    int             rc;
    int64_t         at;
    zoom_str_t      body;
    const char     *why;
    zoom_hmac_t     key;
    zoom_webhook_t  sent;

    static const zoom_str_t  secret = zoom_str("4fv1RkqGQUq5sWbEz6hA5A");

    body.data = data;
    body.len = size;

    sent.timestamp = fuzz_line(&body);
    sent.signature = fuzz_line(&body);

    if (zoom_hmac_key(&key, secret) != 0) {
        abort();
    }

    why = zoom_webhook_check(&sent, FUZZ_NOW, FUZZ_WINDOW, &at);
    rc = zoom_webhook_verify(&key, &sent, body);

    if (rc < 0
        || (why == NULL && (at < FUZZ_NOW - FUZZ_WINDOW
                            || at > FUZZ_NOW + ZOOM_WEBHOOK_AHEAD)))
    {
        abort();
    }

    fuzz_event(&key, body);

    return 0;
}
