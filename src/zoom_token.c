/* The tokens a bot joins with. */

#include "zoom_base64.h"
#include "zoom_json.h"
#include "zoom_oauth.h"
#include "zoom_time.h"
#include "zoom_token.h"
#include "zoom_uri.h"


static void zoom_zak_take(const zoom_answer_t *a, json_t *value, int64_t now,
    int64_t ttl, zoom_buf_t *token, int64_t *expires, zoom_judgement_t *j);
static int64_t zoom_zak_expires(const zoom_answer_t *a, zoom_str_t zak,
    int64_t now, int64_t ttl);
static int zoom_jwt_claims(zoom_str_t jwt, zoom_str_t *claims);
static int64_t zoom_jwt_time(const json_t *root, const char *name);


void
zoom_zak_path(zoom_buf_t *b, zoom_str_t user, int64_t ttl)
{
    zoom_buf_c(b, "/users/");
    zoom_uri_escape(b, user);
    zoom_buf_c(b, "/token?type=zak&ttl=");
    zoom_buf_int(b, ttl);
}


void
zoom_zak_judge(const zoom_answer_t *a, int64_t now, int64_t ttl,
    zoom_buf_t *token, int64_t *expires, zoom_judgement_t *j)
{
    json_t  *root, *value;

    *expires = 0;

    root = zoom_json_load(a->body, NULL);
    value = json_object_get(root, "token");

    if (a->status >= 200 && a->status < 300 && json_string_length(value)) {
        zoom_judgement_init(j, a);
        zoom_zak_take(a, value, now, ttl, token, expires, j);

    } else {
        zoom_api_judge_error(a, now, j);
    }

    zoom_json_wipe(value);
    json_decref(root);
}


static void
zoom_zak_take(const zoom_answer_t *a, json_t *value, int64_t now,
    int64_t ttl, zoom_buf_t *token, int64_t *expires, zoom_judgement_t *j)
{
    zoom_str_t   s;
    const char  *why;

    s.data = (const unsigned char *) json_string_value(value);
    s.len = json_string_length(value);

    why = NULL;

    if (s.len > ZOOM_TOKEN_MAX) {
        why = "ZAK is too long";

    } else if (!zoom_jwt_form(s)) {

        /* of what might be a token no word is repeated, but this one helps */

        why = zoom_str_casefind(s, "no longer supported")
              ? "this type of token is no longer supported"
              : "malformed ZAK";

    } else {
        zoom_buf_str(token, s);

        if (token->overflow) {
            why = "ZAK is too long";
        }
    }

    if (why) {
        zoom_judgement_set(j, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_judgement_words(j, zoom_str_c(why));
        return;
    }

    *expires = zoom_zak_expires(a, s, now, ttl);
}


static int64_t
zoom_zak_expires(const zoom_answer_t *a, zoom_str_t zak, int64_t now,
    int64_t ttl)
{
    int64_t  exp, iat, date, life, ahead;

    life = (ttl < 0) ? 0 : (ttl > ZOOM_TIME_MAX) ? ZOOM_TIME_MAX : ttl;

    if (zoom_jwt_exp(zak, &exp, &iat) != 0) {
        return now + life;
    }

    if (iat > 0 && exp > iat) {
        life = (exp - iat < life) ? exp - iat : life;

        /* dead at birth by our clock: then our clock is wrong */

        if (exp <= now) {
            return now + life;
        }
    }

    /* a clock behind Zoom's would see the token live too long */

    ahead = 0;

    if (zoom_time_http(a->date, &date) == 0 && date > now) {
        ahead = date - now;
    }

    return (exp - ahead < now + life) ? exp - ahead : now + life;
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
    json_t         *root;
    zoom_buf_t      b;
    zoom_str_t      claims;
    unsigned char   scratch[ZOOM_TOKEN_MAX / 4 * 3];

    if (zoom_jwt_claims(jwt, &claims) != 0) {
        return -1;
    }

    zoom_buf_init(&b, scratch, sizeof(scratch));

    if (zoom_base64url_decode(&b, claims) != 0) {
        return -1;
    }

    claims.data = b.data;
    claims.len = b.len;

    root = zoom_json_load(claims, NULL);

    *exp = zoom_jwt_time(root, "exp");

    if (iat) {
        *iat = zoom_jwt_time(root, "iat");
    }

    json_decref(root);
    zoom_wipe(b.data, b.len);

    return *exp ? 0 : -1;
}


/* 0, and the second of three parts, or -1 if it is no JWS. */

static int
zoom_jwt_claims(zoom_str_t jwt, zoom_str_t *claims)
{
    size_t         i, start;
    unsigned       dots;
    unsigned char  c;

    dots = 0;
    start = 0;

    for (i = 0; i < jwt.len; i++) {
        c = zoom_lower(jwt.data[i]);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
            || c == '-' || c == '_')
        {
            continue;
        }

        if (c != '.' || i == start || ++dots == 3) {
            return -1;
        }

        if (dots == 2) {
            claims->data = jwt.data + start;
            claims->len = i - start;
        }

        start = i + 1;
    }

    return (dots == 2 && start < jwt.len) ? 0 : -1;
}


/* 0 if there is none that can be believed. */

static int64_t
zoom_jwt_time(const json_t *root, const char *name)
{
    double  t;

    t = json_number_value(json_object_get(root, name));

    return (t >= 1 && t <= (double) ZOOM_TIME_MAX) ? (int64_t) t : 0;
}


int
zoom_bearer_form(zoom_str_t s)
{
    size_t         i;
    unsigned char  c;

    if (s.len == 0 || s.len > ZOOM_ACCESS_TOKEN_MAX) {
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
