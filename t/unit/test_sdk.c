#include "unit.h"
#include "zoom_meeting.h"
#include "zoom_sdk.h"


#define KEY     S("abcDEF0123456789_-key")
#define SECRET  S("SDKsecretSDKsecretSDKsecret12345")
#define NOW     1772409600


static zoom_buf_t     b;
static unsigned char  data[ZOOM_SDK_SIGNATURE_MAX];


/*
 * Computed with Python's hmac and base64:
 *
 *     p = header + b"." + claims
 *     p + b"." + b64url(hmac.new(secret, p, hashlib.sha256).digest())
 */

static const struct {
    zoom_str_t       key;
    zoom_str_t       secret;
    zoom_str_t       meeting;
    zoom_sdk_role_e  role;
    int64_t          iat;
    int64_t          life;
    const char      *signature;
} vectors[] = {
    { zoom_str("abcDEF0123456789_-key"),
      zoom_str("SDKsecretSDKsecretSDKsecret12345"), zoom_str("123456789"),
      ZOOM_SDK_PARTICIPANT, NOW, 1800,
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      "eyJhcHBLZXkiOiJhYmNERUYwMTIzNDU2Nzg5Xy1rZXkiLCJzZGtLZXkiOiJhYmNERUYwMT"
      "IzNDU2Nzg5Xy1rZXkiLCJtbiI6IjEyMzQ1Njc4OSIsInJvbGUiOjAsImlhdCI6MTc3MjQw"
      "OTYwMCwiZXhwIjoxNzcyNDExNDAwLCJ0b2tlbkV4cCI6MTc3MjQxMTQwMH0."
      "dSwaDT4PoD-VtEIZo6NW4B8qs9yJOGvfZnFugFm7iGg" },

    { zoom_str("K"), zoom_str("s"), zoom_str("98765432101"), ZOOM_SDK_HOST, 0,
      172800,
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      "eyJhcHBLZXkiOiJLIiwic2RrS2V5IjoiSyIsIm1uIjoiOTg3NjU0MzIxMDEiLCJyb2xlIj"
      "oxLCJpYXQiOjAsImV4cCI6MTcyODAwLCJ0b2tlbkV4cCI6MTcyODAwfQ."
      "bNh-U0wVuU1XvGmMdPzmGQ5L6D5xVdM1IWfaB8VBqOI" }
};


static const zoom_sdk_claims_t  usual = {
    zoom_str("123456789"), ZOOM_SDK_PARTICIPANT, NOW, 1800
};

static const zoom_sdk_claims_t  longest = {
    zoom_str("98765432101"), ZOOM_SDK_HOST, 253402300799LL - 172800, 172800
};


START_TEST(signs)
{
    zoom_str_t         signature;
    zoom_sdk_claims_t  claims;

    zoom_buf_init(&b, data, sizeof(data));
    zoom_buf_c(&b, ">");

    claims.meeting = vectors[_i].meeting;
    claims.role = vectors[_i].role;
    claims.iat = vectors[_i].iat;
    claims.life = vectors[_i].life;

    ck_assert_ptr_null(zoom_sdk_signature(&b, vectors[_i].key,
                                          vectors[_i].secret, &claims));

    ck_assert_int_eq(data[0], '>');

    signature.data = data + 1;
    signature.len = b.len - 1;

    unit_is(signature, vectors[_i].signature);
}
END_TEST


/* Nothing is left of what did not fit, whatever the room. */

START_TEST(needs_room)
{
    size_t      i, room;
    zoom_str_t  whole;

    whole = zoom_str_c(vectors[0].signature);

    for (room = 0; room <= whole.len; room++) {
        memset(data, 'x', sizeof(data));
        zoom_buf_init(&b, data, room);

        if (room == whole.len) {
            ck_assert_ptr_null(zoom_sdk_signature(&b, KEY, SECRET, &usual));
            unit_is(unit_buf(&b), vectors[0].signature);
            break;
        }

        unit_is(zoom_str_c(zoom_sdk_signature(&b, KEY, SECRET, &usual)),
                "has no room");
        ck_assert_uint_eq(b.len, 0);

        for (i = room; i < sizeof(data); i++) {
            ck_assert_int_eq(data[i], 'x');
        }
    }
}
END_TEST


START_TEST(has_room_for_the_longest)
{
    zoom_str_t     key, secret;
    unsigned char  k[ZOOM_SDK_KEY_MAX + 1], s[ZOOM_SDK_SECRET_MAX + 1];

    memset(k, 'k', sizeof(k));
    memset(s, 's', sizeof(s));

    key.data = k;
    key.len = ZOOM_SDK_KEY_MAX;
    secret.data = s;
    secret.len = ZOOM_SDK_SECRET_MAX;

    zoom_buf_init(&b, data, sizeof(data));
    ck_assert_ptr_null(zoom_sdk_signature(&b, key, secret, &longest));

    key.len++;
    ck_assert_ptr_nonnull(zoom_sdk_signature(&b, key, secret, &usual));
    key.len--;
    secret.len++;
    ck_assert_ptr_nonnull(zoom_sdk_signature(&b, key, secret, &usual));
}
END_TEST


#define CLAIMS(meeting, role, iat, life)                                      \
    &(zoom_sdk_claims_t) { meeting, (zoom_sdk_role_e) (role), iat, life }


static void
refused(zoom_str_t key, zoom_str_t secret, const zoom_sdk_claims_t *c,
    const char *why)
{
    const char  *said;

    zoom_buf_init(&b, data, sizeof(data));

    said = zoom_sdk_signature(&b, key, secret, c);

    ck_assert_msg(said != NULL, "not refused: %s", why);
    unit_is(zoom_str_c(said), why);
    ck_assert_uint_eq(b.len, 0);
}


START_TEST(refuses)
{
    size_t  i;

    static const char *const  meetings[] = {
        "", "12345678", "123456789012", "12345678x", "-123456789", " 123456789",
        "123456789 ", "123 456 789", "123456789\"", "0x123456789", "1e9",
        "https://zoom.us/j/123456789", "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4"
    };

    static const int64_t  lives[] = {
        -1, 0, 1799, 172801, INT64_MAX, INT64_MIN
    };

    static const int64_t  times[] = {
        -1, INT64_MIN, 253402300799LL, INT64_MAX, INT64_MAX - 1800
    };

    for (i = 0; i < N(meetings); i++) {
        refused(KEY, SECRET, CLAIMS(zoom_str_c(meetings[i]), 0, NOW, 1800),
                "has no meeting number");
    }

    for (i = 0; i < N(lives); i++) {
        refused(KEY, SECRET, CLAIMS(S("123456789"), 0, NOW, lives[i]),
                "has a life out of bounds");
    }

    for (i = 0; i < N(times); i++) {
        refused(KEY, SECRET, CLAIMS(S("123456789"), 0, times[i], 1800),
                "has a time out of bounds");
    }

    refused(KEY, SECRET, CLAIMS(S("123456789"), 2, NOW, 1800),
            "has no role");
    refused(KEY, SECRET, CLAIMS(S("123456789"), -1, NOW, 1800),
            "has no role");
    refused(KEY, SECRET, CLAIMS(S("123456789"), 5, NOW, 1800),
            "has no role");
    refused(S(""), SECRET, CLAIMS(S("123456789"), 0, NOW, 1800),
            "has no SDK key");
    refused(S("a\"b"), SECRET, CLAIMS(S("123456789"), 0, NOW, 1800),
            "has no SDK key");
    refused(KEY, S(""), CLAIMS(S("123456789"), 0, NOW, 1800),
            "has no SDK secret");
}
END_TEST


START_TEST(knows_keys)
{
    int            c;
    unsigned char  key[3];
    const char    *why;

    unit_is(zoom_str_c(zoom_sdk_key(S(""))), "is empty");
    unit_is(zoom_str_c(zoom_sdk_secret(S(""))), "is empty");
    ck_assert_ptr_null(zoom_sdk_key(S("abcDEF0123456789_-key")));
    ck_assert_ptr_null(zoom_sdk_secret(S("any \"thing\"")));

    /* what would need an escape in JSON, and what is not ASCII */

    for (c = 0; c < 256; c++) {
        key[0] = 'a';
        key[1] = (unsigned char) c;
        key[2] = 'b';

        why = zoom_sdk_key((zoom_str_t) { key, sizeof(key) });

        if (c > 0x20 && c < 0x7f && c != '"' && c != '\\') {
            ck_assert_ptr_null(why);

        } else {
            unit_is(zoom_str_c(why), "has a character that no key has");
        }
    }
}
END_TEST


/* Whatever OpenSSL does not do, what was there stays, and nothing else. */

START_TEST(bears_faults)
{
    int  n;

    for (n = 1; n <= 8; n++) {
        memset(data, 'x', sizeof(data));
        zoom_buf_init(&b, data, sizeof(data));
        zoom_buf_c(&b, ">");

        unit_openssl_fails = n;
        unit_is(zoom_str_c(zoom_sdk_signature(&b, KEY, SECRET, &usual)),
                "could not be computed");
        ck_assert_int_eq(unit_openssl_fails, 0);
        unit_is(unit_buf(&b), ">");
    }
}
END_TEST


Suite *
unit_sdk(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("sdk");
    t = tcase_create("sdk");

    tcase_add_loop_test(t, signs, 0, N(vectors));
    tcase_add_test(t, needs_room);
    tcase_add_test(t, has_room_for_the_longest);
    tcase_add_test(t, refuses);
    tcase_add_test(t, knows_keys);
    tcase_add_test(t, bears_faults);

    suite_add_tcase(s, t);

    return s;
}
