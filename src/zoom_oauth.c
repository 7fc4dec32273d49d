/* The S2S access token. */

#include "zoom_base64.h"
#include "zoom_json.h"
#include "zoom_oauth.h"
#include "zoom_secret.h"
#include "zoom_token.h"
#include "zoom_token_type.h"
#include "zoom_uri.h"


#define ZOOM_LIFE_DEFAULT  3600
#define ZOOM_LIFE_MAX      86400


typedef struct {
    int                   code;      /* 0: any */
    zoom_error_e          error;
    const char           *name;      /* the member "error"; NULL: any */
    const char           *words;     /* in the message; NULL: any */
    const char           *advice;
} zoom_oauth_rule_t;


static void zoom_oauth_take(const json_t *root, json_t *value,
    zoom_buf_t *token, int64_t *life, zoom_verdict_t *v);
static int64_t zoom_oauth_life(const json_t *root);
static unsigned zoom_oauth_lacks(const json_t *root);
static void zoom_oauth_classify_error(const zoom_response_t *a,
    const json_t *root, int64_t now, zoom_verdict_t *v);
static const zoom_oauth_rule_t *zoom_oauth_find(const json_t *root,
    const zoom_verdict_t *v);


static const char  zoom_advice_credentials[] =
    "check client_id and client_secret";

static const char  zoom_advice_activate[] =
    "activate the app in the Zoom App Marketplace";

static const char  zoom_advice_account[] =
    "check account_id";


/*
 * The first row that fits counts.  Zoom names an error in words, of late by a
 * number, too; its page "OAuth error messages" has those.
 */

static const zoom_oauth_rule_t  zoom_oauth_rules[] = {

    { 0, ZOOM_E_ZOOM_REFUSED, NULL, "not support client credentials",
      zoom_advice_app_type },

    { 0, ZOOM_E_APP_DISABLED, NULL, "app has been disabled",
      zoom_advice_activate },
    { 4717, ZOOM_E_APP_DISABLED, NULL, NULL, zoom_advice_activate },

    { 0, ZOOM_E_CREDENTIALS_REJECTED, "invalid_client", NULL,
      zoom_advice_credentials },
    { 4702, ZOOM_E_CREDENTIALS_REJECTED, NULL, NULL, zoom_advice_credentials },
    { 4704, ZOOM_E_CREDENTIALS_REJECTED, NULL, NULL, zoom_advice_credentials },
    { 4706, ZOOM_E_CREDENTIALS_REJECTED, NULL, NULL, zoom_advice_credentials },

    { 0, ZOOM_E_CREDENTIALS_REJECTED, "unsupported_grant_type", NULL,
      zoom_advice_app_type },
    { 4705, ZOOM_E_CREDENTIALS_REJECTED, NULL, NULL, zoom_advice_app_type },

    { 0, ZOOM_E_CREDENTIALS_REJECTED, "invalid_request", NULL,
      zoom_advice_account },
    { 0, ZOOM_E_CREDENTIALS_REJECTED, NULL, "bad request",
      zoom_advice_account }
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
    int64_t *life, unsigned *lacks, zoom_verdict_t *v)
{
    json_t  *root, *value;

    *life = 0;
    *lacks = 0;

    root = zoom_json_load(a->body, NULL);
    value = json_object_get(root, "access_token");

    if (a->status >= 200 && a->status < 300 && json_string_length(value)) {
        zoom_verdict_init(v, a, now);
        zoom_oauth_take(root, value, token, life, v);

        if (v->verdict == ZOOM_USE) {
            *lacks = zoom_oauth_lacks(root);
        }

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
    double  seconds;

    if (!zoom_json_double(json_object_get(root, "expires_in"), &seconds)) {
        return ZOOM_LIFE_DEFAULT;
    }

    if (seconds < 1) {
        return 0;
    }

    return (seconds > ZOOM_LIFE_MAX) ? ZOOM_LIFE_MAX : (int64_t) seconds;
}


/* If no scope is listed, none is missed. */

static unsigned
zoom_oauth_lacks(const json_t *root)
{
    json_t      *value;
    zoom_str_t   scopes;

    value = json_object_get(root, "scope");

    if (json_string_length(value) == 0) {
        return 0;
    }

    scopes.data = (const unsigned char *) json_string_value(value);
    scopes.len = json_string_length(value);

    return zoom_token_types_lack(scopes);
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

    rule = zoom_oauth_find(root, v);

    if (rule) {
        zoom_verdict_set(v, ZOOM_FINAL, rule->error, rule->advice);
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
zoom_oauth_find(const json_t *root, const zoom_verdict_t *v)
{
    size_t                    i;
    zoom_str_t                name, message;
    const zoom_oauth_rule_t  *rule;

    name = zoom_str_c(json_string_value(json_object_get(root, "error")));
    message = zoom_str_c((const char *) v->message);

    for (i = 0; i < sizeof(zoom_oauth_rules) / sizeof(zoom_oauth_rules[0]);
         i++)
    {
        rule = &zoom_oauth_rules[i];

        if ((rule->code == 0 || rule->code == v->code)
            && (rule->name == NULL
                || zoom_str_caseeq(name, zoom_str_c(rule->name)))
            && (rule->words == NULL
                || zoom_str_casefind(message, rule->words)))
        {
            return rule;
        }
    }

    return NULL;
}
