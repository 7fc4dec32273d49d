#include "unit.h"
#include "zoom_webhook.h"


#define NOW  1720705455
#define CRC                                                                   \
    "{\"payload\":{\"plainToken\":\"xys8n8PGS7mAU0m5-YJjRA\"},"               \
    "\"event_ts\":1720705455858,\"event\":\"endpoint.url_validation\"}"
#define SIGNATURE                                                             \
    "v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6"


/* Zoom's own vector; two more, computed with openssl dgst. */

static const char  secret[] = "4fv1RkqGQUq5sWbEz6hA5A";

static const struct {
    const char  *body;
    const char  *signature;
} vectors[] = {
    { CRC, SIGNATURE },

    { "{\"event\":\"meeting.ended\",\"payload\":{\"object\":{\"topic\":"
      "\"caf\xc3\xa9\"}}}\n",
      "v0=284941d4d2a9ed4ed5ab495727c145653a18cf6225598e2a8e5d8ddddfdd8f92" },

    { "",
      "v0=98707308ecc55f340e8be5ec2b918d7d7e1d5891b1f072fb84e9a9634df23e7d" }
};


static zoom_hmac_t  key;


static void
set_up(void)
{
    ck_assert_int_eq(zoom_hmac_key(&key, S(secret)), 0);
}


static zoom_webhook_t
sent(const char *signature, const char *timestamp)
{
    zoom_webhook_t  w;

    w.signature = zoom_str_c(signature);
    w.timestamp = zoom_str_c(timestamp);

    return w;
}


START_TEST(verifies)
{
    char            other[128];
    size_t          i;
    zoom_hmac_t     wrong;
    zoom_webhook_t  w;

    set_up();

    w = sent(vectors[_i].signature, "1720705455");
    ck_assert_int_eq(zoom_webhook_verify(&key, &w,
                                         zoom_str_c(vectors[_i].body)), 1);

    /* each digit of it counts */

    for (i = 3; i < strlen(vectors[_i].signature); i++) {
        memcpy(other, vectors[_i].signature,
               strlen(vectors[_i].signature) + 1);
        other[i] = (other[i] == '0') ? '1' : '0';

        w = sent(other, "1720705455");
        ck_assert_int_eq(zoom_webhook_verify(&key, &w,
                                             zoom_str_c(vectors[_i].body)), 0);
    }

    w = sent(vectors[_i].signature, "1720705456");
    ck_assert_int_eq(zoom_webhook_verify(&key, &w,
                                         zoom_str_c(vectors[_i].body)), 0);

    w = sent(vectors[_i].signature, "1720705455");
    ck_assert_int_eq(zoom_webhook_verify(&key, &w, S("{}")), 0);

    ck_assert_int_eq(zoom_hmac_key(&wrong, S("4fv1RkqGQUq5sWbEz6hA5B")), 0);
    ck_assert_int_eq(zoom_webhook_verify(&wrong, &w,
                                         zoom_str_c(vectors[_i].body)), 0);

    /* a key that was never set */

    memset(&wrong, 0, sizeof(wrong));
    ck_assert_int_eq(zoom_webhook_verify(&wrong, &w,
                                         zoom_str_c(vectors[_i].body)), -1);
}
END_TEST


START_TEST(takes_one_spelling)
{
    size_t          i;
    int64_t         at;
    zoom_webhook_t  w;

    static const char *const  none[] = {
        "v0=",
        "v1=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6",
        "V0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6",
        "v0=93A1A675965CEB9C5A50C5DFB31F20E50F763BE37A54EF74CD2D16A1A8E5C0D6",
        "v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d",
        "v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d60",
        " v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6",
        "v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0g6",
        "93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6"
    };

    set_up();

    for (i = 0; i < N(none); i++) {
        w = sent(none[i], "1720705455");
        ck_assert_str_eq(zoom_webhook_check(&w, NOW, 7200, &at),
                         "x-zm-signature is none of version 0");
        ck_assert_int_eq(zoom_webhook_verify(&key, &w, S(CRC)), 0);
    }

    w = sent("", "1720705455");
    ck_assert_str_eq(zoom_webhook_check(&w, NOW, 7200, &at),
                     "there is no x-zm-signature");
    ck_assert_int_eq(zoom_webhook_verify(&key, &w, S(CRC)), 0);
}
END_TEST


START_TEST(keeps_the_window)
{
    size_t          i;
    int64_t         at;
    zoom_webhook_t  w;

    static const char *const  no_time[] = {
        "", " ", "-1720705455", "+1720705455", "1720705455 ", "1720705455.0",
        "0x66901aaf", "1e9", "now", "2024-07-11T13:44:15Z",
        "1720705455858", "9999999999999", "18446744075430257071"
    };

    for (i = 0; i < N(no_time); i++) {
        w = sent(SIGNATURE, no_time[i]);
        ck_assert_str_eq(zoom_webhook_check(&w, NOW, 7200, &at),
                         "x-zm-request-timestamp is no time");
    }

    w = sent(SIGNATURE, "1720705455");

    ck_assert_ptr_null(zoom_webhook_check(&w, NOW, 7200, &at));
    ck_assert_int_eq(at, NOW);
    ck_assert_ptr_null(zoom_webhook_check(&w, NOW + 7200, 7200, &at));
    ck_assert_str_eq(zoom_webhook_check(&w, NOW + 7201, 7200, &at),
                     "the webhook is too old");
    ck_assert_ptr_null(zoom_webhook_check(&w, NOW - 300, 60, &at));
    ck_assert_str_eq(zoom_webhook_check(&w, NOW - 301, 7200, &at),
                     "the webhook is of the future");
}
END_TEST


START_TEST(answers)
{
    int             c;
    char            token[ZOOM_WEBHOOK_TOKEN_MAX + 2];
    zoom_buf_t      b;
    unsigned char   text[ZOOM_WEBHOOK_ANSWER_MAX];

    set_up();

    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_ptr_null(zoom_webhook_answer(&key, S("xys8n8PGS7mAU0m5-YJjRA"),
                                           &b));
    unit_is(((zoom_str_t) { b.data, b.len }),
            "{\"plainToken\":\"xys8n8PGS7mAU0m5-YJjRA\",\"encryptedToken\":"
            "\"2fffc6a967dde4f68024025a5bd991c5ae1e5313b4e6365be4883e3e81d479b3"
            "\"}");

    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_ptr_null(zoom_webhook_answer(&key, S("abc.DEF-1_2+/="), &b));
    unit_is(((zoom_str_t) { b.data, b.len }),
            "{\"plainToken\":\"abc.DEF-1_2+/=\",\"encryptedToken\":\""
            "dcf0929b869c6d16230e582b877f87daaece3d00c24c6f64e3b40f4ab2b1a1b5"
            "\"}");

    /* nothing that is another webhook's text, or ends the JSON string */

    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_str_eq(zoom_webhook_answer(&key, S("v0:1720705455:{}"), &b),
                     "the plainToken is none");
    ck_assert_uint_eq(b.len, 0);

    for (c = 0; c < 256; c++) {
        token[0] = (char) c;
        zoom_buf_init(&b, text, sizeof(text));

        ck_assert_msg((zoom_webhook_answer(&key, (zoom_str_t)
                                           { (unsigned char *) token, 1 }, &b)
                       == NULL)
                      == ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
                          || (c >= 'a' && c <= 'z')
                          || (c && strchr("_-.+/=", c))), "%d", c);
    }

    /* the longest has room */

    memset(token, 'x', sizeof(token));

    for (c = 0; c < (int) sizeof(token); c++) {
        zoom_buf_init(&b, text, sizeof(text));

        ck_assert_int_eq(zoom_webhook_answer(&key, (zoom_str_t)
                                             { (unsigned char *) token,
                                               (size_t) c }, &b)
                         == NULL, c >= 1 && c <= ZOOM_WEBHOOK_TOKEN_MAX);
        ck_assert_int_eq(b.overflow, 0);
    }

    memset(&key, 0, sizeof(key));
    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_str_eq(zoom_webhook_answer(&key, S("x"), &b),
                     "the plainToken could not be signed");
}
END_TEST


Suite *
unit_webhook(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("webhook");
    t = tcase_create("webhook");

    tcase_add_loop_test(t, verifies, 0, (int) N(vectors));
    tcase_add_test(t, takes_one_spelling);
    tcase_add_test(t, keeps_the_window);
    tcase_add_test(t, answers);

    suite_add_tcase(s, t);

    return s;
}
