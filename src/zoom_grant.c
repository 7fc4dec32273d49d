/* The grant of a user. */

#include "zoom_grant.h"
#include "zoom_json.h"
#include "zoom_oauth.h"
#include "zoom_token.h"
#include "zoom_uri.h"


#define ZOOM_DEVICE_LIFE          900
#define ZOOM_DEVICE_LIFE_MAX      3600
#define ZOOM_DEVICE_INTERVAL      5
#define ZOOM_DEVICE_INTERVAL_MAX  60


static void zoom_grant_argument(zoom_buf_t *b, const char *name,
    zoom_str_t value);
static void zoom_grant_take(const json_t *root, zoom_grant_tokens_t *tokens,
    zoom_verdict_t *v);
static int zoom_grant_ended(const json_t *root, const zoom_verdict_t *v);
static int zoom_grant_says(const json_t *root, const char *error);
static int zoom_grant_text(const json_t *root, const char *name, char *text,
    size_t size);
static int64_t zoom_grant_seconds(const json_t *root, const char *name,
    int64_t otherwise, int64_t most);


const char *const  zoom_grant_states[ZOOM_NGRANT_STATES] = {
    "active", "expired"
};

static const char  zoom_advice_connect[] =
    "the user has to connect the account again";


void
zoom_grant_code_body(zoom_buf_t *b, zoom_str_t code, zoom_str_t redirect_uri,
    zoom_str_t verifier)
{
    zoom_buf_c(b, "grant_type=authorization_code");

    zoom_grant_argument(b, "code", code);
    zoom_grant_argument(b, "redirect_uri", redirect_uri);
    zoom_grant_argument(b, "code_verifier", verifier);
}


void
zoom_grant_refresh_body(zoom_buf_t *b, zoom_str_t token)
{
    zoom_buf_c(b, "grant_type=refresh_token");
    zoom_grant_argument(b, "refresh_token", token);
}


void
zoom_grant_device_body(zoom_buf_t *b, zoom_str_t device_code)
{
    zoom_buf_c(b, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
                  "device_code");
    zoom_grant_argument(b, "device_code", device_code);
}


void
zoom_grant_start_body(zoom_buf_t *b, zoom_str_t scopes)
{
    if (scopes.len) {
        zoom_grant_argument(b, "scope", scopes);
    }
}


void
zoom_grant_revoke_body(zoom_buf_t *b, zoom_str_t token)
{
    zoom_buf_c(b, "token=");
    zoom_uri_escape(b, token);
}


void
zoom_grant_public(zoom_buf_t *b, zoom_str_t client_id)
{
    zoom_grant_argument(b, "client_id", client_id);
}


static void
zoom_grant_argument(zoom_buf_t *b, const char *name, zoom_str_t value)
{
    if (b->len) {
        zoom_buf_c(b, "&");
    }

    zoom_buf_c(b, name);
    zoom_buf_c(b, "=");
    zoom_uri_escape(b, value);
}


void
zoom_grant_classify(const zoom_response_t *a, int64_t now,
    zoom_grant_tokens_t *tokens, zoom_verdict_t *v)
{
    json_t    *root;
    unsigned   lacks;

    zoom_oauth_classify(a, now, tokens->access, &tokens->life, &lacks, v);

    if (v->verdict != ZOOM_USE && v->verdict != ZOOM_FINAL) {
        return;
    }

    root = zoom_json_load(a->body, NULL);

    if (v->verdict == ZOOM_USE) {
        zoom_grant_take(root, tokens, v);

    } else if (zoom_grant_ended(root, v)) {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_GRANT_EXPIRED,
                         zoom_advice_connect);

    } else if (zoom_grant_says(root, "invalid_request")) {

        /* of a Server-to-Server app it would be the account_id */

        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL);
    }

    zoom_json_wipe(json_object_get(root, "access_token"));
    zoom_json_wipe(json_object_get(root, "refresh_token"));
    json_decref(root);
}


static void
zoom_grant_take(const json_t *root, zoom_grant_tokens_t *tokens,
    zoom_verdict_t *v)
{
    json_t      *value;
    zoom_str_t   s;

    value = json_object_get(root, "refresh_token");

    s.data = (const unsigned char *) json_string_value(value);
    s.len = json_string_length(value);

    if (s.len == 0) {
        return;
    }

    if (s.len <= ZOOM_REFRESH_TOKEN_MAX && zoom_bearer_form(s)) {
        zoom_buf_str(tokens->refresh, s);

        if (!tokens->refresh->overflow) {
            return;
        }
    }

    zoom_wipe(tokens->access->data, tokens->access->len);
    tokens->access->len = 0;

    zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
    zoom_verdict_words(v, zoom_str_c("malformed refresh token"));
}


/* Some of Zoom's answers have "invalid_request" for a dead refresh token. */

static int
zoom_grant_ended(const json_t *root, const zoom_verdict_t *v)
{
    zoom_str_t  message;

    message = zoom_str_c((const char *) v->message);

    return zoom_grant_says(root, "invalid_grant")
           || zoom_str_casefind(message, "invalid token");
}


static int
zoom_grant_says(const json_t *root, const char *error)
{
    zoom_str_t  name;

    name = zoom_str_c(json_string_value(json_object_get(root, "error")));

    return zoom_str_caseeq(name, zoom_str_c(error));
}


zoom_device_e
zoom_device_reason(const zoom_response_t *a)
{
    size_t         i;
    json_t        *root;
    zoom_str_t     name;
    zoom_device_e  reason;

    static const struct {
        const char     *name;
        zoom_device_e   reason;
    } reasons[] = {
        { "authorization_pending", ZOOM_DEVICE_PENDING },
        { "slow_down", ZOOM_DEVICE_SLOW_DOWN },
        { "access_denied", ZOOM_DEVICE_DENIED },
        { "expired_token", ZOOM_DEVICE_EXPIRED }
    };

    if (a->status < 400 || a->status >= 500) {
        return ZOOM_DEVICE_NONE;
    }

    root = zoom_json_load(a->body, NULL);
    name = zoom_str_c(json_string_value(json_object_get(root, "error")));
    reason = ZOOM_DEVICE_NONE;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (zoom_str_caseeq(name, zoom_str_c(reasons[i].name))) {
            reason = reasons[i].reason;
        }
    }

    json_decref(root);

    return reason;
}


void
zoom_device_classify(const zoom_response_t *a, int64_t now, zoom_device_t *d,
    zoom_verdict_t *v)
{
    json_t         *root;
    int64_t         life;
    unsigned        lacks;
    zoom_buf_t      none;
    unsigned char   scratch[1];

    memset(d, 0, sizeof(zoom_device_t));

    root = zoom_json_load(a->body, NULL);

    if (a->status < 200 || a->status >= 300) {

        /* refused in the words of the token endpoint */

        zoom_buf_init(&none, scratch, 0);
        zoom_oauth_classify(a, now, &none, &life, &lacks, v);

        json_decref(root);
        return;
    }

    zoom_verdict_init(v, a, now);

    if (zoom_grant_text(root, "device_code", d->device_code,
                        sizeof(d->device_code)) != 0
        || zoom_grant_text(root, "user_code", d->user_code,
                           sizeof(d->user_code)) != 0
        || zoom_grant_text(root, "verification_uri", d->uri, sizeof(d->uri))
           != 0)
    {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_verdict_words(v, zoom_str_c("malformed device code"));
    }

    (void) zoom_grant_text(root, "verification_uri_complete", d->complete,
                           sizeof(d->complete));

    d->life = zoom_grant_seconds(root, "expires_in", ZOOM_DEVICE_LIFE,
                                 ZOOM_DEVICE_LIFE_MAX);
    d->interval = zoom_grant_seconds(root, "interval", ZOOM_DEVICE_INTERVAL,
                                     ZOOM_DEVICE_INTERVAL_MAX);

    zoom_json_wipe(json_object_get(root, "device_code"));
    json_decref(root);
}


/* Printable ASCII that needs no escape in JSON; 0, or -1 and "text" empty. */

static int
zoom_grant_text(const json_t *root, const char *name, char *text, size_t size)
{
    size_t       i, len;
    json_t      *value;
    const char  *s;

    value = json_object_get(root, name);
    s = json_string_value(value);
    len = json_string_length(value);

    text[0] = '\0';

    if (len == 0 || len >= size) {
        return -1;
    }

    for (i = 0; i < len; i++) {
        if (s[i] <= ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\') {
            return -1;
        }
    }

    memcpy(text, s, len + 1);

    return 0;
}


static int64_t
zoom_grant_seconds(const json_t *root, const char *name, int64_t otherwise,
    int64_t most)
{
    double  n;

    if (!zoom_json_double(json_object_get(root, name), &n) || n < 1) {
        return otherwise;
    }

    return (n > (double) most) ? most : (int64_t) n;
}


void
zoom_profile_classify(const zoom_response_t *a, int64_t now,
    zoom_profile_t *profile, zoom_verdict_t *v)
{
    json_t  *root;

    memset(profile, 0, sizeof(zoom_profile_t));

    if (a->status < 200 || a->status >= 300) {
        zoom_api_classify_error(a, now, v);
        return;
    }

    zoom_verdict_init(v, a, now);

    root = zoom_json_load(a->body, NULL);

    if (zoom_grant_text(root, "id", profile->id, sizeof(profile->id)) != 0
        || zoom_user_check(zoom_str_c(profile->id)) != ZOOM_USER_ID)
    {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_verdict_words(v, zoom_str_c("no user id in the profile"));
    }

    if (zoom_grant_text(root, "email", profile->email, sizeof(profile->email))
        != 0
        || zoom_user_check(zoom_str_c(profile->email)) != ZOOM_USER_EMAIL)
    {
        profile->email[0] = '\0';
    }

    json_decref(root);
}
