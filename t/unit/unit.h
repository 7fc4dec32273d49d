/* What the unit tests share. */

#ifndef UNIT_H_INCLUDED
#define UNIT_H_INCLUDED


#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zoom_string.h"


#define S(lit)                                                                \
    ((zoom_str_t) { (const unsigned char *) (lit), sizeof(lit) - 1 })

#define N(array)  (sizeof(array) / sizeof((array)[0]))

#define unit_is(got, want)  unit_is_at(got, want, __FILE__, __LINE__)


/* Compares bytes with a C string and shows both if they differ. */

static inline void
unit_is_at(zoom_str_t got, const char *want, const char *file, int line)
{
    size_t  len;

    len = strlen(want);

    ck_assert_msg(got.len == len
                  && (len == 0 || memcmp(got.data, want, len) == 0),
                  "%s:%d: got \"%.*s\", not \"%s\"", file, line,
                  (int) got.len, got.len ? (const char *) got.data : "",
                  want);
}


static inline zoom_str_t
unit_buf(const zoom_buf_t *b)
{
    zoom_str_t  s;

    s.data = b->data;
    s.len = b->len;

    return s;
}


/* The same numbers in every run: xorshift. */

static inline uint32_t
unit_random(uint32_t *state, uint32_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;

    return *state % below;
}


/* So many calls into OpenSSL from now one fails; 0: none. */
extern int  unit_openssl_fails;


Suite *unit_string(void);
Suite *unit_base64(void);
Suite *unit_uri(void);
Suite *unit_window(void);
Suite *unit_error(void);
Suite *unit_user(void);
Suite *unit_users(void);
Suite *unit_secret(void);
Suite *unit_time(void);
Suite *unit_json(void);
Suite *unit_json_canonical(void);
Suite *unit_json_load(void);
Suite *unit_callback(void);
Suite *unit_hmac(void);
Suite *unit_attendee(void);
Suite *unit_stdwebhooks(void);
Suite *unit_webhook(void);
Suite *unit_event(void);
Suite *unit_meeting(void);
Suite *unit_meeting_mask(void);
Suite *unit_response(void);
Suite *unit_oauth(void);
Suite *unit_token(void);
Suite *unit_jointoken(void);
Suite *unit_limit(void);
Suite *unit_limit_world(void);
Suite *unit_sdk(void);
Suite *unit_join(void);
Suite *unit_hash(void);
Suite *unit_addr(void);
Suite *unit_graphql(void);
Suite *unit_header(void);
Suite *unit_lua_pattern(void);
Suite *unit_log_once(void);
Suite *unit_token_type(void);
Suite *unit_seal(void);
Suite *unit_consent(void);
Suite *unit_grant(void);
Suite *unit_path(void);
Suite *unit_endpoint(void);
Suite *unit_rule(void);
Suite *unit_audit(void);
Suite *unit_turns(void);
Suite *unit_fair(void);
Suite *unit_ring(void);
Suite *unit_query(void);
Suite *unit_run(void);
Suite *unit_prefixes(void);


#endif /* UNIT_H_INCLUDED */
