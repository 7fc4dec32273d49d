/* What an answer of Zoom's means. */

#include <limits.h>
#include <string.h>

#include "zoom_response.h"
#include "zoom_json.h"
#include "zoom_time.h"


#define ZOOM_DAY        86400
#define ZOOM_TOKEN_RUN  20
#define ZOOM_WORDS_MAX  1024

/* which an int holds whatever they are */
#define ZOOM_CODE_DIGITS  9


typedef struct {
    int                   code;      /* 0: any */
    const char           *words;     /* in the message; NULL: any */
    zoom_verdict_e        verdict;
    zoom_error_e          error;
    const char           *advice;
} zoom_rule_t;


static void zoom_classify_code(const zoom_response_t *a, int spoke,
    zoom_str_t message, int64_t now, zoom_verdict_t *v);
static const zoom_rule_t *zoom_classify_rule(int code, zoom_str_t message);
static void zoom_classify_limit(const zoom_response_t *a, zoom_str_t message,
    int64_t now, zoom_verdict_t *v);
static int64_t zoom_classify_wait(const zoom_response_t *a, int64_t now);

static int zoom_response_read(zoom_str_t body, int *code, zoom_buf_t *words);
static int zoom_response_code(const json_t *root);
static void zoom_response_message(const json_t *root, zoom_buf_t *words);
static void zoom_response_fields(const json_t *errors, zoom_buf_t *words);
static void zoom_response_text(const json_t *string, zoom_buf_t *words);
static int zoom_response_xml(zoom_str_t body, int *code, zoom_buf_t *words);
static zoom_str_t zoom_response_element(zoom_str_t body, const char *tag);

static size_t zoom_message_run(zoom_str_t text, size_t i);
static int zoom_message_secret(const unsigned char *p, size_t len);
static void zoom_message_byte(zoom_buf_t *b, unsigned char c);


const char  zoom_advice_app_type[] =
    "the app must be of type Server-to-Server OAuth";

static const char  zoom_advice_scope[] =
    "add scope user:read:token:admin to the app and activate it again";

static const char  zoom_advice_oauth2[] =
    "this call needs a user's own OAuth token";

static const char  zoom_advice_unknown[] =
    "see which user was asked for, the account has none of that name";

static const char  zoom_advice_foreign[] =
    "the user belongs to another account";

static const char  zoom_advice_pending[] =
    "the user has to accept the invitation first";


/*
 * The first row that fits counts.  A missing scope comes under many codes,
 * also under that of a dead access token, so its words go first; so do those
 * about an app of the wrong type, which no new access token mends.
 */

static const zoom_rule_t  zoom_rules[] = {

    { 0, "does not contain scopes", ZOOM_FINAL, ZOOM_E_SCOPE_MISSING,
      zoom_advice_scope },

    { 0, "not support client credentials", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      zoom_advice_app_type },

    { 124, "only supports oauth2", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      zoom_advice_oauth2 },

    { 124, NULL, ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, NULL },
    { 4700, NULL, ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, NULL },

    { 4711, NULL, ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, zoom_advice_scope },

    { 1000, "pending", ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, zoom_advice_pending },
    { 1001, NULL, ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, zoom_advice_unknown },
    { 1010, NULL, ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, zoom_advice_foreign },
    { 1120, NULL, ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, zoom_advice_pending },
    { 3001, NULL, ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, NULL },

    { 300, NULL, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL },
    { 2300, NULL, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL },

    { 429, NULL, ZOOM_RETRY, ZOOM_E_RATE_LIMITED, NULL }
};


void
zoom_verdict_init(zoom_verdict_t *v, const zoom_response_t *a, int64_t now)
{
    size_t         i, n;
    unsigned char  c;

    memset(v, 0, sizeof(zoom_verdict_t));

    v->wait = -1;
    n = 0;

    if (a->date > 0 && zoom_response_clock(a, now) != a->date) {
        v->date_off = a->date - now;
    }

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


int64_t
zoom_response_clock(const zoom_response_t *a, int64_t now)
{
    if (a->date <= 0 || a->date - now > ZOOM_DAY || now - a->date > ZOOM_DAY) {
        return now;
    }

    return a->date;
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
    int         spoke;
    zoom_buf_t  words;
    zoom_str_t  message;
    char        text[ZOOM_WORDS_MAX];

    zoom_verdict_init(v, a, now);

    zoom_buf_init(&words, text, sizeof(text));

    spoke = zoom_response_read(a->body, &v->code, &words);

    message.data = words.data;
    message.len = words.len;

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
        zoom_classify_code(a, spoke, message, now, v);
    }
}


static void
zoom_classify_code(const zoom_response_t *a, int spoke, zoom_str_t message,
    int64_t now, zoom_verdict_t *v)
{
    const zoom_rule_t  *rule;

    rule = spoke ? zoom_classify_rule(v->code, message) : NULL;

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

    } else if (!spoke) {

        /* not Zoom's API, but something in front of it */

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
    int64_t  clock;

    zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_RATE_LIMITED, NULL);

    v->wait = zoom_classify_wait(a, now);

    if (v->wait >= 0) {
        return;
    }

    if (zoom_str_casefind(a->rate_type, "daily")
        || zoom_str_casefind(message, "daily"))
    {
        clock = zoom_response_clock(a, now);
        v->wait = ZOOM_DAY - (clock > 0 ? clock % ZOOM_DAY : 0);
    }
}


/* A point in time is one of Zoom's clock. */

static int64_t
zoom_classify_wait(const zoom_response_t *a, int64_t now)
{
    int64_t  clock, wait;

    clock = zoom_response_clock(a, now);

    if (a->retry_at > 0) {
        wait = (a->retry_at > clock) ? a->retry_at - clock : 0;

    } else if (zoom_time_retry_after(a->retry_after, clock, &wait) != 0) {
        return -1;
    }

    return (wait > ZOOM_DAY) ? ZOOM_DAY : wait;
}


/*
 * What a body says, or why it can't be read.  1 if it is one of the forms in
 * which Zoom's API speaks.
 */

static int
zoom_response_read(zoom_str_t body, int *code, zoom_buf_t *words)
{
    json_t      *root;
    const char  *why;

    root = zoom_json_load(body, &why);

    if (root) {
        *code = zoom_response_code(root);
        zoom_response_message(root, words);
        json_decref(root);

    } else if (!zoom_response_xml(body, code, words)) {
        zoom_buf_c(words, "the body ");
        zoom_buf_c(words, why);
        return 0;
    }

    if (words->len == 0) {
        zoom_buf_c(words, "the body has no message");
    }

    return 1;
}


static int
zoom_response_code(const json_t *root)
{
    size_t  i;
    double  n;

    static const char *const  names[] = { "code", "errorCode" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        if (zoom_json_double(json_object_get(root, names[i]), &n)) {
            return (n > INT_MAX || n < INT_MIN) ? 0 : (int) n;
        }
    }

    return 0;
}


static void
zoom_response_message(const json_t *root, zoom_buf_t *words)
{
    size_t  i;

    static const char *const  names[] = {
        "message", "errorMessage", "reason", "error"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]) && !words->len; i++) {
        zoom_response_text(json_object_get(root, names[i]), words);
    }

    zoom_response_fields(json_object_get(root, "errors"), words);
}


/* "Validation Failed. (user_info.email: Invalid field.)" */

static void
zoom_response_fields(const json_t *errors, zoom_buf_t *words)
{
    size_t   i;
    json_t  *field;

    for (i = 0; i < json_array_size(errors); i++) {
        zoom_buf_c(words, i ? "; " : words->len ? " (" : "(");

        field = json_object_get(json_array_get(errors, i), "field");

        if (json_string_length(field)) {
            zoom_response_text(field, words);
            zoom_buf_c(words, ": ");
        }

        zoom_response_text(json_object_get(json_array_get(errors, i),
                                           "message"),
                           words);
    }

    if (i) {
        zoom_buf_c(words, ")");
    }
}


/* As much of it as fits: whoever reads it cuts it further. */

static void
zoom_response_text(const json_t *string, zoom_buf_t *words)
{
    size_t  len, room;

    len = json_string_length(string);
    room = words->size - words->len;

    zoom_buf_add(words, json_string_value(string), (len < room) ? len : room);
}


/*
 * Parts of Zoom still answer in XML, whatever they were asked for; a page in
 * XHTML is as little of Zoom's API as any other page.
 */

static int
zoom_response_xml(zoom_str_t body, int *code, zoom_buf_t *words)
{
    size_t      i;
    zoom_str_t  s;

    static const zoom_str_t  prolog = zoom_str("<?xml");

    if (body.len < prolog.len
        || memcmp(body.data, prolog.data, prolog.len) != 0
        || zoom_str_casefind(body, "<html"))
    {
        return 0;
    }

    s = zoom_response_element(body, "<code>");

    for (i = 0; i < s.len && i < ZOOM_CODE_DIGITS; i++) {

        if (s.data[i] < '0' || s.data[i] > '9') {
            break;
        }

        *code = *code * 10 + (s.data[i] - '0');
    }

    s = zoom_response_element(body, "<message>");

    zoom_buf_add(words, s.data, (s.len < words->size) ? s.len : words->size);

    return 1;
}


/* What stands behind the first such tag, up to the next one. */

static zoom_str_t
zoom_response_element(zoom_str_t body, const char *tag)
{
    size_t                i;
    zoom_str_t            s;
    const unsigned char  *end;

    s = zoom_str_c(tag);

    for (i = 0; i + s.len <= body.len; i++) {

        if (memcmp(body.data + i, s.data, s.len) == 0) {
            s.data = body.data + i + s.len;
            end = memchr(s.data, '<', body.len - i - s.len);
            s.len = end ? (size_t) (end - s.data) : 0;

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
