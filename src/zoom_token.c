/* The tokens a bot joins with. */

#include "zoom_base64.h"
#include "zoom_json.h"
#include "zoom_oauth.h"
#include "zoom_time.h"
#include "zoom_token.h"
#include "zoom_uri.h"


#define ZOOM_TOKEN_LIST_MAX  8


static void zoom_user_path(zoom_buf_t *b, zoom_str_t user, const char *type);
static int64_t zoom_user_classify(const zoom_response_t *a, int64_t now,
    int64_t ttl, const zoom_token_look_t *look, zoom_buf_t *token,
    zoom_verdict_t *v);
static int zoom_user_take(const zoom_response_t *a, zoom_token_form_pt form,
    zoom_buf_t *token);
static void zoom_user_stillborn(const char *name, zoom_verdict_t *v);
static int64_t zoom_user_expires(const zoom_response_t *a, zoom_str_t token,
    int jwt, int64_t now, int64_t ttl);
static int zoom_jwt_claims(zoom_str_t jwt, zoom_str_t *claims);
static void zoom_jwt_second(zoom_str_t jwt, zoom_str_t *claims);
static int zoom_claims_exp(zoom_str_t claims, int64_t *exp, int64_t *iat);
static int zoom_jwt_read(zoom_str_t claims, int64_t *exp, int64_t *iat);
static int64_t zoom_jwt_seconds(const zoom_json_doc_t *doc, const char *name);
static int64_t zoom_jwt_time(const json_t *root, const char *name);
static int zoom_b64token(zoom_str_t s, size_t max);


static const zoom_token_look_t  zoom_zak_look = { zoom_jwt_form, "ZAK" };
static const zoom_token_look_t  zoom_obf_look = {
    zoom_token_form, "OBF token"
};


static const char  zoom_advice_present[] =
    "the user has to be in the meeting before the bot";

static const char  zoom_advice_clock[] =
    "this machine's clock and Zoom's are more than a day apart";


/* How Zoom says that there is no such user; none of it is documented. */

static const char *const  zoom_absent_words[] = {
    "not in the meeting", "not in meeting", "not joined", "not started", NULL
};


void
zoom_zak_path(zoom_buf_t *b, zoom_str_t user, int64_t ttl)
{
    zoom_user_path(b, user, "zak");
    zoom_buf_c(b, "&ttl=");
    zoom_buf_int(b, ttl);
}


void
zoom_obf_path(zoom_buf_t *b, zoom_str_t user, zoom_str_t meeting, int64_t ttl)
{
    zoom_user_path(b, user, "onbehalf");

    if (meeting.len) {
        zoom_buf_c(b, "&meeting_id=");
        zoom_uri_escape(b, meeting);
    }

    zoom_buf_c(b, "&ttl=");
    zoom_buf_int(b, ttl);
}


static void
zoom_user_path(zoom_buf_t *b, zoom_str_t user, const char *type)
{
    zoom_buf_c(b, "/users/");
    zoom_uri_escape(b, user);
    zoom_buf_c(b, "/token?type=");
    zoom_buf_c(b, type);
}


void
zoom_zak_classify(const zoom_response_t *a, int64_t now, int64_t ttl,
    zoom_buf_t *token, int64_t *expires, zoom_verdict_t *v)
{
    *expires = zoom_user_classify(a, now, ttl, &zoom_zak_look, token, v);
}


void
zoom_obf_classify(const zoom_response_t *a, int64_t now, int64_t ttl,
    zoom_buf_t *token, int64_t *expires, zoom_verdict_t *v)
{
    size_t      i;
    zoom_str_t  message;

    *expires = zoom_user_classify(a, now, ttl, &zoom_obf_look, token, v);

    if (v->error != ZOOM_E_ZOOM_REFUSED) {
        return;
    }

    message = zoom_str_c((const char *) v->message);

    for (i = 0; zoom_absent_words[i]; i++) {
        if (zoom_str_casefind(message, zoom_absent_words[i])) {
            v->error = ZOOM_E_USER_NOT_IN_MEETING;
            v->advice = zoom_advice_present;
            return;
        }
    }

    /* of what is validated only the meeting is the caller's */

    if (v->code == 300 && zoom_str_casefind(message, "meeting")) {
        v->error = ZOOM_E_MEETING_UNKNOWN;
    }
}


/* when the token dies by our clock, 0 if there is none */

static int64_t
zoom_user_classify(const zoom_response_t *a, int64_t now, int64_t ttl,
    const zoom_token_look_t *look, zoom_buf_t *token, zoom_verdict_t *v)
{
    int          rc;
    size_t       start;
    json_t      *root;
    int64_t      expires;
    zoom_str_t   taken;

    start = token->len;

    rc = zoom_user_take(a, look->form, token);

    if (rc == 0) {
        zoom_verdict_init(v, a, now);

    } else {
        root = zoom_json_load(a->body, NULL);

        rc = zoom_token_take(a, root, now, look, token, v);

        zoom_json_wipe(json_object_get(root, "token"));
        json_decref(root);
    }

    if (rc != 0) {
        return 0;
    }

    taken.data = token->data + start;
    taken.len = token->len - start;

    expires = zoom_user_expires(a, taken, look->form == zoom_jwt_form, now,
                                ttl);

    if (expires > now) {
        return expires;
    }

    zoom_wipe(token->data + start, token->len - start);
    token->len = start;

    zoom_user_stillborn(look->name, v);

    return 0;
}


static void
zoom_user_stillborn(const char *name, zoom_verdict_t *v)
{
    zoom_buf_t  b;
    char        words[64];

    zoom_buf_init(&b, words, sizeof(words));

    zoom_buf_c(&b, name);
    zoom_buf_c(&b, " expired at birth");

    zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_ZOOM_INVALID,
                     v->date_off ? zoom_advice_clock : NULL);
    zoom_verdict_words(v, (zoom_str_t) { b.data, b.len });
}


/*
 * The usual answer, read by our own scanner: Jansson takes twenty times as
 * long.  Whatever is unusual about it is left to Jansson: -1.
 */

static int
zoom_user_take(const zoom_response_t *a, zoom_token_form_pt form,
    zoom_buf_t *token)
{
    zoom_json_doc_t          doc;
    const zoom_json_node_t  *node;

    if (a->status < 200 || a->status >= 300
        || a->body.len > ZOOM_JSON_LOAD_MAX
        || zoom_json_scan(&doc, a->body) != NULL)
    {
        return -1;
    }

    node = zoom_json_member(&doc, &doc.nodes[0], "token");

    if (node == NULL || node->type != ZOOM_JSON_STRING || node->escaped
        || node->text.len == 0 || node->text.len > ZOOM_TOKEN_MAX
        || !form(node->text))
    {
        return -1;
    }

    zoom_buf_str(token, node->text);

    return token->overflow ? -1 : 0;
}


int
zoom_token_take(const zoom_response_t *a, const json_t *root, int64_t now,
    const zoom_token_look_t *look, zoom_buf_t *token, zoom_verdict_t *v)
{
    json_t      *value;
    zoom_str_t   s;
    zoom_buf_t   why;
    char         words[64];

    value = json_object_get(root, "token");

    if (a->status < 200 || a->status >= 300
        || json_string_length(value) == 0)
    {
        zoom_api_classify_error(a, now, v);
        return -1;
    }

    zoom_verdict_init(v, a, now);

    s.data = (const unsigned char *) json_string_value(value);
    s.len = json_string_length(value);

    if (s.len <= ZOOM_TOKEN_MAX && look->form(s)) {
        zoom_buf_str(token, s);

        if (!token->overflow) {
            return 0;
        }
    }

    zoom_buf_init(&why, words, sizeof(words));

    if (s.len > ZOOM_TOKEN_MAX || token->overflow) {
        zoom_buf_c(&why, look->name);
        zoom_buf_c(&why, " is too long");

    } else if (zoom_str_casefind(s, "no longer supported")) {

        /* of what might be a token no word is repeated, but this one helps */

        zoom_buf_c(&why, "this type of token is no longer supported");

    } else {
        zoom_buf_c(&why, "malformed ");
        zoom_buf_c(&why, look->name);
    }

    s.data = why.data;
    s.len = why.len;

    zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
    zoom_verdict_words(v, s);

    return -1;
}


/* "jwt": its form has been looked at. */

static int64_t
zoom_user_expires(const zoom_response_t *a, zoom_str_t token, int jwt,
    int64_t now, int64_t ttl)
{
    int64_t     exp, iat, clock, left, life;
    zoom_str_t  claims;

    life = (ttl < 0) ? 0 : (ttl > ZOOM_TIME_MAX) ? ZOOM_TIME_MAX : ttl;

    if (jwt) {
        zoom_jwt_second(token, &claims);

    } else if (zoom_jwt_claims(token, &claims) != 0) {
        return now + life;
    }

    if (zoom_claims_exp(claims, &exp, &iat) != 0) {
        return now + life;
    }

    if (iat > 0 && exp > iat && exp - iat < life) {
        life = exp - iat;
    }

    /*
     * The earlier of the two clocks' results counts, unless the token is dead
     * by ours alone: then ours is wrong.
     */

    clock = zoom_response_clock(a, now);

    if (clock < now && exp > now) {
        clock = now;
    }

    left = exp - clock;

    return now + ((left < life) ? left : life);
}


int
zoom_jwt_form(zoom_str_t s)
{
    zoom_str_t  unused;

    return zoom_jwt_claims(s, &unused) == 0;
}


int
zoom_jwt_exp(zoom_str_t jwt, int64_t *exp, int64_t *iat)
{
    int64_t     issued;
    zoom_str_t  claims;

    if (zoom_jwt_claims(jwt, &claims) != 0) {
        return -1;
    }

    return zoom_claims_exp(claims, exp, iat ? iat : &issued);
}


/* 0, and the second of three parts, or -1 if it is no JWS. */

static int
zoom_jwt_claims(zoom_str_t jwt, zoom_str_t *claims)
{
    size_t    n;
    unsigned  dots;

    for (dots = 0; /* void */ ; /* void */ ) {
        n = zoom_base64url_span(jwt);

        if (n == 0) {
            return -1;
        }

        if (n == jwt.len) {
            return dots == 2 ? 0 : -1;
        }

        if (jwt.data[n] != '.' || ++dots == 3) {
            return -1;
        }

        if (dots == 2) {
            claims->data = jwt.data;
            claims->len = n;
        }

        jwt.data += n + 1;
        jwt.len -= n + 1;
    }
}


/* The same of what is known to be a JWS. */

static void
zoom_jwt_second(zoom_str_t jwt, zoom_str_t *claims)
{
    const unsigned char  *p, *last;

    last = jwt.data + jwt.len;

    p = memchr(jwt.data, '.', jwt.len);
    claims->data = p + 1;

    p = memchr(claims->data, '.', (size_t) (last - claims->data));
    claims->len = (size_t) (p - claims->data);
}


static int
zoom_claims_exp(zoom_str_t claims, int64_t *exp, int64_t *iat)
{
    json_t         *root;
    zoom_buf_t      b;
    unsigned char   scratch[ZOOM_TOKEN_MAX / 4 * 3];

    zoom_buf_init(&b, scratch, sizeof(scratch));

    if (zoom_base64url_decode(&b, claims) != 0) {
        return -1;
    }

    claims.data = b.data;
    claims.len = b.len;

    if (zoom_jwt_read(claims, exp, iat) != 0) {
        root = zoom_json_load(claims, NULL);

        *exp = zoom_jwt_time(root, "exp");
        *iat = zoom_jwt_time(root, "iat");
        *iat = (*iat < 0) ? 0 : *iat;

        json_decref(root);
    }

    zoom_wipe(b.data, b.len);

    return (*exp < 0) ? -1 : 0;
}


/* By our own scanner, again: -1 if they are not both plain numbers. */

static int
zoom_jwt_read(zoom_str_t claims, int64_t *exp, int64_t *iat)
{
    zoom_json_doc_t  doc;

    if (zoom_json_scan(&doc, claims) != NULL) {
        return -1;
    }

    *exp = zoom_jwt_seconds(&doc, "exp");
    *iat = zoom_jwt_seconds(&doc, "iat");

    return (*exp < 0 || *iat < 0) ? -1 : 0;
}


static int64_t
zoom_jwt_seconds(const zoom_json_doc_t *doc, const char *name)
{
    size_t                   i;
    int64_t                  t;
    const zoom_json_node_t  *node;

    node = zoom_json_member(doc, &doc->nodes[0], name);

    if (node == NULL || node->type != ZOOM_JSON_NUMBER
        || node->text.len > sizeof("99999999999") - 1)
    {
        return -1;
    }

    for (t = 0, i = 0; i < node->text.len; i++) {

        if (node->text.data[i] < '0' || node->text.data[i] > '9') {
            return -1;
        }

        t = t * 10 + (node->text.data[i] - '0');
    }

    return t;
}


/* 0 for all before the epoch; -1 if there is none that can be believed. */

static int64_t
zoom_jwt_time(const json_t *root, const char *name)
{
    double  t;

    if (!zoom_json_double(json_object_get(root, name), &t)
        || t > (double) ZOOM_TIME_MAX)
    {
        return -1;
    }

    return (t >= 1) ? (int64_t) t : 0;
}


int
zoom_bearer_form(zoom_str_t s)
{
    return zoom_b64token(s, ZOOM_ACCESS_TOKEN_MAX);
}


int
zoom_token_form(zoom_str_t s)
{
    return zoom_b64token(s, ZOOM_TOKEN_MAX);
}


int
zoom_token_list(zoom_str_t s)
{
    size_t      i, n;
    zoom_str_t  token;

    token.data = s.data;
    token.len = 0;
    n = 1;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] != ',') {
            token.len++;
            continue;
        }

        if (++n > ZOOM_TOKEN_LIST_MAX || !zoom_token_form(token)) {
            return 0;
        }

        token.data = s.data + i + 1;
        token.len = 0;
    }

    return zoom_token_form(token);
}


static int
zoom_b64token(zoom_str_t s, size_t max)
{
    size_t         i;
    unsigned char  c;

    if (s.len == 0 || s.len > max) {
        return 0;
    }

    /* padding may only end it, and not be all of it */

    while (s.len > 1 && s.data[s.len - 1] == '=') {
        s.len--;
    }

    for (i = 0; i < s.len; i++) {
        c = zoom_lower(s.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && c != '-' && c != '.' && c != '_' && c != '~' && c != '+'
            && c != '/')
        {
            return 0;
        }
    }

    return 1;
}
