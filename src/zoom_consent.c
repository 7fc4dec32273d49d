/* A user's consent, until the user comes back with it. */

#include <openssl/evp.h>

#include "zoom_base64.h"
#include "zoom_consent.h"
#include "zoom_uri.h"


static void zoom_consent_part(zoom_buf_t *b, zoom_str_t part);
static int zoom_consent_take(zoom_str_t *text, zoom_str_t *part);
static void zoom_consent_argument(zoom_buf_t *b, const char *name,
    zoom_str_t value);


void
zoom_consent_write(zoom_buf_t *b, const zoom_consent_t *c)
{
    zoom_buf_add(b, &c->expires, sizeof(int64_t));

    zoom_consent_part(b, c->account);
    zoom_consent_part(b, c->verifier);
    zoom_consent_part(b, c->state);
    zoom_consent_part(b, c->alias);
    zoom_consent_part(b, c->back);
}


static void
zoom_consent_part(zoom_buf_t *b, zoom_str_t part)
{
    unsigned char  len[2];

    if (part.len > UINT16_MAX) {
        b->overflow = 1;
        return;
    }

    len[0] = (unsigned char) (part.len >> 8);
    len[1] = (unsigned char) part.len;

    zoom_buf_add(b, len, sizeof(len));
    zoom_buf_str(b, part);
}


int
zoom_consent_read(zoom_consent_t *c, zoom_str_t text)
{
    if (text.len < sizeof(int64_t)) {
        return -1;
    }

    memcpy(&c->expires, text.data, sizeof(int64_t));

    text.data += sizeof(int64_t);
    text.len -= sizeof(int64_t);

    if (zoom_consent_take(&text, &c->account) != 0
        || zoom_consent_take(&text, &c->verifier) != 0
        || zoom_consent_take(&text, &c->state) != 0
        || zoom_consent_take(&text, &c->alias) != 0
        || zoom_consent_take(&text, &c->back) != 0)
    {
        return -1;
    }

    return text.len ? -1 : 0;
}


static int
zoom_consent_take(zoom_str_t *text, zoom_str_t *part)
{
    size_t  len;

    if (text->len < 2) {
        return -1;
    }

    len = ((size_t) text->data[0] << 8) + text->data[1];

    if (len > text->len - 2) {
        return -1;
    }

    part->data = text->data + 2;
    part->len = len;

    text->data += 2 + len;
    text->len -= 2 + len;

    return 0;
}


int
zoom_consent_url(zoom_buf_t *b, const zoom_consent_app_t *app,
    const zoom_consent_t *c)
{
    zoom_buf_str(b, app->authorize_url);
    zoom_buf_c(b, "?response_type=code");

    zoom_consent_argument(b, "client_id", app->client_id);
    zoom_consent_argument(b, "redirect_uri", app->redirect_uri);

    if (app->scopes.len) {
        zoom_consent_argument(b, "scope", app->scopes);
    }

    zoom_consent_argument(b, "state", c->state);
    zoom_buf_c(b, "&code_challenge_method=S256&code_challenge=");

    return zoom_consent_challenge(b, c->verifier);
}


static void
zoom_consent_argument(zoom_buf_t *b, const char *name, zoom_str_t value)
{
    zoom_buf_c(b, "&");
    zoom_buf_c(b, name);
    zoom_buf_c(b, "=");
    zoom_uri_escape(b, value);
}


int
zoom_consent_challenge(zoom_buf_t *b, zoom_str_t verifier)
{
    unsigned       len;
    unsigned char  sum[EVP_MAX_MD_SIZE];

    if (EVP_Digest(verifier.data, verifier.len, sum, &len, EVP_sha256(), NULL)
        != 1)
    {
        return -1;
    }

    zoom_base64url_encode(b, sum, len);

    return 0;
}


int
zoom_consent_place(zoom_str_t to)
{
    size_t  i;

    if (to.len > ZOOM_CONSENT_PLACE_MAX) {
        return 0;
    }

    for (i = 0; i < to.len; i++) {
        if (to.data[i] <= ' ' || to.data[i] >= 0x7f || to.data[i] == '\\') {
            return 0;
        }
    }

    if (to.len && to.data[0] == '/') {
        return to.len == 1 || to.data[1] != '/';
    }

    return to.len > 8 && memcmp(to.data, "https://", 8) == 0
           && !zoom_one_of(to.data[8], "/?#:@");
}
