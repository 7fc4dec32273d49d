/* What an answer of Zoom's means. */

#include <limits.h>
#include <string.h>

#include "zoom_response.h"
#include "zoom_json.h"
#include "zoom_time.h"


#define ZOOM_DAY        86400
#define ZOOM_TOKEN_RUN  20


typedef struct {
    int                   code;      /* 0: any */
    const char           *words;     /* in the message; NULL: any */
    zoom_verdict_e        verdict;
    zoom_error_e          error;
    const char           *advice;
} zoom_rule_t;


static void zoom_classify_code(const zoom_response_t *a, const json_t *root,
    zoom_str_t message, int64_t now, zoom_verdict_t *v);
static const zoom_rule_t *zoom_classify_rule(int code, zoom_str_t message);
static void zoom_classify_limit(const zoom_response_t *a, zoom_str_t message,
    int64_t now, zoom_verdict_t *v);
static int64_t zoom_classify_wait(const zoom_response_t *a, int64_t now);
static int zoom_response_code(const json_t *root);
static zoom_str_t zoom_response_message(const json_t *root);

static size_t zoom_message_run(zoom_str_t text, size_t i);
static int zoom_message_secret(const unsigned char *p, size_t len);
static void zoom_message_byte(zoom_buf_t *b, unsigned char c);


static const char  zoom_advice_scope[] =
    "add scope user:read:token:admin to the app and activate it again";

static const char  zoom_advice_oauth2[] =
    "this call needs a user's own OAuth token";

static const char  zoom_advice_foreign[] =
    "the user belongs to another account";

static const char  zoom_advice_pending[] =
    "the user has to accept the invitation first";


/*
 * The first row that fits counts.  A missing scope comes under many codes,
 * also under that of a dead access token, so its words go first.
 */

static const zoom_rule_t  zoom_rules[] = {

    { 0, "does not contain scopes", ZOOM_FINAL, ZOOM_E_SCOPE_MISSING,
      zoom_advice_scope },

    { 124, "only supports oauth2", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      zoom_advice_oauth2 },

    { 124, NULL, ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, NULL },
    { 4700, NULL, ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, NULL },

    { 4711, NULL, ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, zoom_advice_scope },

    { 1001, NULL, ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, NULL },
    { 1010, NULL, ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, zoom_advice_foreign },
    { 1120, NULL, ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, zoom_advice_pending },
    { 3001, NULL, ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, NULL },

    { 300, NULL, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL },
    { 2300, NULL, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL },

    { 429, NULL, ZOOM_RETRY, ZOOM_E_RATE_LIMITED, NULL }
};


void
zoom_verdict_init(zoom_verdict_t *v, const zoom_response_t *a)
{
    size_t         i, n;
    unsigned char  c;

    memset(v, 0, sizeof(zoom_verdict_t));

    v->wait = -1;
    n = 0;

    for (i = 0; i < a->tracking_id.len && n < ZOOM_TRACKING_ID_MAX; i++) {
        c = a->tracking_id.data[i];

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
            || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.'
            || c == '=' || c == ';' || c == ':')
        {
            v->tracking_id[n++] = c;
        }
    }
}


void
zoom_verdict_set(zoom_verdict_t *v, zoom_verdict_e verdict,
    zoom_error_e error, const char *advice)
{
    v->verdict = verdict;
    v->error = error;
    v->advice = advice;
    v->wait = -1;
}


void
zoom_verdict_words(zoom_verdict_t *v, zoom_str_t words)
{
    zoom_message_clean(v->message, sizeof(v->message), words);
}


void
zoom_api_classify_error(const zoom_response_t *a, int64_t now,
    zoom_verdict_t *v)
{
    json_t      *root;
    zoom_buf_t   b;
    zoom_str_t   message;
    const char  *why;
    char         unreadable[64];

    zoom_verdict_init(v, a);

    root = zoom_json_load(a->body, &why);

    if (root) {
        v->code = zoom_response_code(root);
        message = zoom_response_message(root);

        if (message.len == 0) {
            message = zoom_str_c("the body has no message");
        }

    } else {
        zoom_buf_init(&b, unreadable, sizeof(unreadable));
        zoom_buf_c(&b, "the body ");
        zoom_buf_c(&b, why);

        message.data = b.data;
        message.len = b.len;
    }

    zoom_verdict_words(v, message);

    if (a->status == 429) {
        zoom_classify_limit(a, message, now, v);

    } else if (a->status >= 500) {
        zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, NULL);

        if (a->status == 503) {
            v->wait = zoom_classify_wait(a, now);
        }

    } else if (a->status >= 300 && a->status < 400) {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);

    } else {
        zoom_classify_code(a, root, message, now, v);
    }

    json_decref(root);
}


static void
zoom_classify_code(const zoom_response_t *a, const json_t *root,
    zoom_str_t message, int64_t now, zoom_verdict_t *v)
{
    const zoom_rule_t  *rule;

    rule = root ? zoom_classify_rule(v->code, message) : NULL;

    if (rule) {
        if (rule->error == ZOOM_E_RATE_LIMITED) {
            zoom_classify_limit(a, message, now, v);
            return;
        }

        zoom_verdict_set(v, rule->verdict, rule->error, rule->advice);
        return;
    }

    if (a->status < 300 && v->code == 0) {
        zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL);

    } else if (a->status == 401 && v->code == 0) {
        zoom_verdict_set(v, ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED,
                         NULL);

    } else if (root == NULL) {

        /* not Zoom's API spoke but something before it */

        zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, NULL);

    } else {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL);
    }
}


static const zoom_rule_t *
zoom_classify_rule(int code, zoom_str_t message)
{
    size_t              i;
    const zoom_rule_t  *rule;

    for (i = 0; i < sizeof(zoom_rules) / sizeof(zoom_rules[0]); i++) {
        rule = &zoom_rules[i];

        if ((rule->code == 0 || rule->code == code)
            && (rule->words == NULL
                || zoom_str_casefind(message, rule->words)))
        {
            return rule;
        }
    }

    return NULL;
}


static void
zoom_classify_limit(const zoom_response_t *a, zoom_str_t message, int64_t now,
    zoom_verdict_t *v)
{
    zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_RATE_LIMITED, NULL);

    v->wait = zoom_classify_wait(a, now);

    if (v->wait >= 0) {
        return;
    }

    if (zoom_str_casefind(a->rate_type, "daily")
        || zoom_str_casefind(message, "daily"))
    {
        v->wait = ZOOM_DAY - (now > 0 ? now % ZOOM_DAY : 0);
        return;
    }

    v->wait = 1;
}


static int64_t
zoom_classify_wait(const zoom_response_t *a, int64_t now)
{
    int64_t  wait;

    if (zoom_time_retry_after(a->retry_after, now, &wait) != 0) {
        return -1;
    }

    return (wait > ZOOM_DAY) ? ZOOM_DAY : wait;
}


static int
zoom_response_code(const json_t *root)
{
    double         real;
    json_t        *code;
    json_int_t     n;

    code = json_object_get(root, "code");

    if (json_is_integer(code)) {
        n = json_integer_value(code);
        return (n > INT_MAX || n < INT_MIN) ? 0 : (int) n;
    }

    real = json_is_real(code) ? json_real_value(code) : 0;

    return (real > INT_MAX || real < INT_MIN) ? 0 : (int) real;
}


static zoom_str_t
zoom_response_message(const json_t *root)
{
    size_t      i;
    json_t     *value;
    zoom_str_t  s;

    static const char *const  names[] = { "message", "reason", "error" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = json_object_get(root, names[i]);

        if (json_string_length(value)) {
            s.data = (const unsigned char *) json_string_value(value);
            s.len = json_string_length(value);
            return s;
        }
    }

    return zoom_str_c(NULL);
}


void
zoom_message_clean(unsigned char *dst, size_t size, zoom_str_t text)
{
    size_t      i, run;
    zoom_buf_t  b;

    if (size == 0) {
        return;
    }

    zoom_buf_init(&b, dst, size - 1);

    for (i = 0; i < text.len && !b.overflow; /* void */ ) {
        run = zoom_message_run(text, i);

        if (zoom_message_secret(text.data + i, run)) {
            zoom_buf_c(&b, "***");
            i += run;
            continue;
        }

        do {
            zoom_message_byte(&b, text.data[i++]);
        } while (run && --run && !b.overflow);
    }

    dst[b.len] = '\0';
}


/* How many characters of a token, or of words, stand at "i". */

static size_t
zoom_message_run(zoom_str_t text, size_t i)
{
    size_t         start;
    unsigned char  c;

    for (start = i; i < text.len; i++) {
        c = zoom_lower(text.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && c != '-' && c != '_' && c != '.')
        {
            break;
        }
    }

    return i - start;
}


/*
 * A long run is a token, unless it is words joined by "_", "-" and ".", as in
 * the names of scopes: small letters only, and no word long by itself.
 */

static int
zoom_message_secret(const unsigned char *p, size_t len)
{
    size_t  i, word;

    if (len < ZOOM_TOKEN_RUN) {
        return 0;
    }

    for (word = 0, i = 0; i < len; i++) {

        if (p[i] == '_' || p[i] == '-' || p[i] == '.') {
            word = 0;

        } else if (p[i] < 'a' || ++word == ZOOM_TOKEN_RUN) {
            return 1;
        }
    }

    return 0;
}


static void
zoom_message_byte(zoom_buf_t *b, unsigned char c)
{
    unsigned char  out[4];

    static const char  hex[] = "0123456789abcdef";

    if (c < 0x20 || c >= 0x7f) {
        out[0] = '\\';
        out[1] = 'x';
        out[2] = (unsigned char) hex[c >> 4];
        out[3] = (unsigned char) hex[c & 0xf];
        zoom_buf_add(b, out, 4);

    } else if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = c;
        zoom_buf_add(b, out, 2);

    } else {
        zoom_buf_add(b, &c, 1);
    }
}
