#include "unit.h"
#include "zoom_attendee.h"


static zoom_hmac_t      key;
static zoom_json_doc_t  doc;


/* The vectors of callbacks.md, the second one also in another spelling. */

static const char  secret[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

static const struct {
    const char  *body;
    const char  *signature;
} vectors[] = {
    { "{\"bot_id\": \"bot_AbCdEfGh12345678\", \"bot_metadata\": null, "
      "\"callback_type\": \"zoom_tokens\", "
      "\"meeting_url\": \"https://zoom.us/j/123456789?pwd=abc\"}",
      "ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI=" },

    { "{\"bot_id\": \"bot_AbCdEfGh12345678\", \"bot_metadata\": "
      "{\"tenant\": \"caf\\u00e9 \\u2615\", \"z\": \"1\", \"a\": \"2\"}, "
      "\"callback_type\": \"zoom_tokens\", "
      "\"meeting_url\": \"https://zoom.us/j/123456789?pwd=abc\"}",
      "41bmMY5hSAmygMdiyszyS3ZN0XGydy6BdTqII1tBpyg=" },

    { "{\"meeting_url\":\"https:\\/\\/zoom.us\\/j\\/123456789?pwd=abc\",\n"
      "\"callback_type\":\"zoom_tokens\",\"bot_metadata\":{\"z\":\"1\","
      "\"\\u0074enant\":\"caf\xc3\xa9 \xe2\x98\x95\",\"a\":\"2\"},"
      "\"bot_id\":\"bot_AbCdEfGh12345678\"}",
      "41bmMY5hSAmygMdiyszyS3ZN0XGydy6BdTqII1tBpyg=" }
};


static int
verify(const char *body, zoom_str_t signature)
{
    zoom_buf_t            scratch;
    static unsigned char  text[1024];

    ck_assert_ptr_null(zoom_json_scan(&doc, zoom_str_c(body)));

    zoom_buf_init(&scratch, text, strlen(body));

    return zoom_attendee_verify(&key, &doc, signature, &scratch);
}


START_TEST(verifies)
{
    size_t         i;
    unsigned char  sent[64];

    ck_assert_ptr_null(zoom_hmac_secret(&key, S(secret)));

    ck_assert_int_eq(verify(vectors[_i].body,
                            zoom_str_c(vectors[_i].signature)), 1);

    /* any other character makes it another signature or none */

    for (i = 0; i < strlen(vectors[_i].signature); i++) {
        memcpy(sent, vectors[_i].signature, 44);
        sent[i] = (sent[i] == 'A') ? 'B' : 'A';
        ck_assert_int_eq(verify(vectors[_i].body, (zoom_str_t) { sent, 44 }),
                         0);
    }

    ck_assert_ptr_null(zoom_hmac_secret(&key,
                            S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4=")));
    ck_assert_int_eq(verify(vectors[_i].body,
                            zoom_str_c(vectors[_i].signature)), 0);
}
END_TEST


START_TEST(refuses)
{
    size_t         i;
    zoom_buf_t     scratch;
    unsigned char  text[64];

    static const char *const  signatures[] = {
        "", "=", "AAAA", "ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI",
        "ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI=\n",
        " ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI=",
        "ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KJ=",
        "ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KIA",
        "sha256=ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI=",
        "49cc10355e8f22c4c8571232da17413756204fc42a8369b1bc7c0f1ba99bd0a2"
    };

    ck_assert_ptr_null(zoom_hmac_secret(&key, S(secret)));

    for (i = 0; i < N(signatures); i++) {
        ck_assert_int_eq(verify(vectors[0].body, zoom_str_c(signatures[i])),
                         0);
    }

    ck_assert_ptr_null(zoom_json_scan(&doc, zoom_str_c(vectors[0].body)));
    zoom_buf_init(&scratch, text, sizeof(text));
    ck_assert_int_eq(zoom_attendee_verify(&key, &doc,
                                          zoom_str_c(vectors[0].signature),
                                          &scratch), -1);
    ck_assert_uint_eq(scratch.len, 0);

    /* a key that is none opens nothing */

    memset(&key, 0, sizeof(key));
    ck_assert_int_eq(verify(vectors[0].body,
                            zoom_str_c(vectors[0].signature)), -1);
}
END_TEST


Suite *
unit_attendee(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("attendee");
    t = tcase_create("attendee");

    tcase_add_loop_test(t, verifies, 0, (int) N(vectors));
    tcase_add_test(t, refuses);

    suite_add_tcase(s, t);

    return s;
}
