/* The S2S access token. */

#include "zoom_base64.h"
#include "zoom_json.h"
#include "zoom_oauth.h"
#include "zoom_secret.h"
#include "zoom_token.h"
#include "zoom_uri.h"


#define ZOOM_LIFE_DEFAULT  3600
#define ZOOM_LIFE_MAX      86400


/* NULL fits anything. */

typedef struct {
    const char           *error;
    const char           *reason;    /* a part of it */
    zoom_error_e          verdict;
    const char           *advice;
} zoom_oauth_rule_t;


static void zoom_oauth_take(const json_t *root, json_t *value,
    zoom_buf_t *token, int64_t *life, zoom_verdict_t *v);
static int64_t zoom_oauth_life(const json_t *root);
static void zoom_oauth_classify_error(const zoom_response_t *a,
    const json_t *root, int64_t now, zoom_verdict_t *v);
static const zoom_oauth_rule_t *zoom_oauth_find(const json_t *root);
static zoom_str_t zoom_oauth_text(const json_t *root, const char *name);


static const char  zoom_advice_credentials[] =
    "check client_id and client_secret";


static const zoom_oauth_rule_t  zoom_oauth_rules[] = {

    { "invalid_client", "disabled", ZOOM_E_APP_DISABLED,
      "activate the app in the Zoom App Marketplace" },

    { "invalid_client", NULL, ZOOM_E_CREDENTIALS_REJECTED,
      zoom_advice_credentials },

    { "unsupported_grant_type", NULL, ZOOM_E_CREDENTIALS_REJECTED,
      "the app must be of type Server-to-Server OAuth" },

    { "invalid_request", NULL, ZOOM_E_CREDENTIALS_REJECTED,
      "check account_id" },

    { NULL, "bad request", ZOOM_E_CREDENTIALS_REJECTED,
      "check account_id" }
};


void
zoom_oauth_body(zoom_buf_t *b, zoom_str_t account_id)
{
    zoom_buf_c(b, "grant_type=account_credentials&account_id=");
    zoom_uri_escape(b, account_id);
}


void
zoom_oauth_authorization(zoom_buf_t *b, zoom_str_t client_id,
    zoom_str_t client_secret)
{
    zoom_buf_t     pair;
    unsigned char  scratch[ZOOM_SECRET_FILE_MAX * 2 + 1];

    zoom_buf_init(&pair, scratch, sizeof(scratch));

    zoom_buf_str(&pair, client_id);
    zoom_buf_add(&pair, ":", 1);
    zoom_buf_str(&pair, client_secret);

    if (pair.overflow) {
        b->overflow = 1;

    } else {
        zoom_buf_c(b, "Basic ");
        zoom_base64_encode(b, pair.data, pair.len);
    }

    zoom_wipe(pair.data, pair.len);
}


void
zoom_oauth_classify(const zoom_response_t *a, int64_t now, zoom_buf_t *token,
    int64_t *life, zoom_verdict_t *v)
{
    json_t  *root, *value;

    *life = 0;

    root = zoom_json_load(a->body, NULL);
    value = json_object_get(root, "access_token");

    if (a->status >= 200 && a->status < 300 && json_string_length(value)) {
        zoom_verdict_init(v, a);
        zoom_oauth_take(root, value, token, life, v);

    } else {
        zoom_oauth_classify_error(a, root, now, v);
    }

    zoom_json_wipe(value);
    json_decref(root);
}


static void
zoom_oauth_take(const json_t *root, json_t *value, zoom_buf_t *token,
    int64_t *life, zoom_verdict_t *v)
{
    int64_t     seconds;
    zoom_str_t  s;

    s.data = (const unsigned char *) json_string_value(value);
    s.len = json_string_length(value);

    if (!zoom_bearer_form(s)) {

        /* it would go into a header; what it says stays untold */

        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_verdict_words(v, zoom_str_c("malformed access token"));
        return;
    }

    seconds = zoom_oauth_life(root);

    if (seconds <= 0) {
        zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_verdict_words(v, zoom_str_c("access token expired at birth"));
        return;
    }

    zoom_buf_str(token, s);

    if (token->overflow) {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_verdict_words(v, zoom_str_c("access token is too long"));
        return;
    }

    *life = seconds;
}


/* 0 where the token is said to be dead. */

static int64_t
zoom_oauth_life(const json_t *root)
{
    double   seconds;
    json_t  *value;

    value = json_object_get(root, "expires_in");

    if (!json_is_number(value)) {
        return ZOOM_LIFE_DEFAULT;
    }

    seconds = json_number_value(value);

    if (seconds < 1) {
        return 0;
    }

    return (seconds > ZOOM_LIFE_MAX) ? ZOOM_LIFE_MAX : (int64_t) seconds;
}


static void
zoom_oauth_classify_error(const zoom_response_t *a, const json_t *root,
    int64_t now, zoom_verdict_t *v)
{
    const zoom_oauth_rule_t  *rule;

    zoom_api_classify_error(a, now, v);

    if (a->status == 429 || a->status >= 500
        || (a->status >= 300 && a->status < 400))
    {
        return;
    }

    rule = zoom_oauth_find(root);

    if (rule) {
        zoom_verdict_set(v, ZOOM_FINAL, rule->verdict, rule->advice);
        zoom_verdict_words(v, zoom_oauth_text(root, "reason").len
                              ? zoom_oauth_text(root, "reason")
                              : zoom_oauth_text(root, "error"));
        return;
    }

    if (a->status == 401) {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED,
                         zoom_advice_credentials);
        return;
    }

    /* codes of the REST API have no say here, nothing is left to refresh */

    if (v->verdict == ZOOM_REFRESH || v->verdict == ZOOM_FINAL) {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL);
    }
}


static const zoom_oauth_rule_t *
zoom_oauth_find(const json_t *root)
{
    size_t                    i;
    zoom_str_t                error, reason;
    const zoom_oauth_rule_t  *rule;

    error = zoom_oauth_text(root, "error");
    reason = zoom_oauth_text(root, "reason");

    for (i = 0; i < sizeof(zoom_oauth_rules) / sizeof(zoom_oauth_rules[0]);
         i++)
    {
        rule = &zoom_oauth_rules[i];

        if ((rule->error == NULL
             || zoom_str_caseeq(error, zoom_str_c(rule->error)))
            && (rule->reason == NULL
                || zoom_str_casefind(reason, rule->reason)))
        {
            return rule;
        }
    }

    return NULL;
}


static zoom_str_t
zoom_oauth_text(const json_t *root, const char *name)
{
    json_t      *value;
    zoom_str_t   s;

    value = json_object_get(root, name);

    s.data = (const unsigned char *) json_string_value(value);
    s.len = json_string_length(value);

    return s;
}
