#include "unit.h"
#include "zoom_base64.h"
#include "zoom_stdwebhooks.h"


#define NOW        1731705121
#define SIGNATURE  "v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4="


/* The vector of callbacks.md; two with a body, computed with openssl dgst. */

static const char  secret[] =
    "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

static const struct {
    const char  *id;
    const char  *timestamp;
    const char  *body;
    const char  *signature;
} vectors[] = {
    { "msg_loFOjxBNrRLzqYUf", "1731705121", "", SIGNATURE },

    { "msg_loFOjxBNrRLzqYUf", "1731705121", "{\"test\": 2432232314}",
      "v1,2/GT9/s+wSOGZhO6C2gEsvk2nVTqamlfQoHrMY4txOA=" },

    { "msg_loFOjxBNrRLzqYUf", "1731705121", "{\"a\":\"caf\xc3\xa9\"}\r\n",
      "v1,RkPy5sc6+2FKdx2v/gsKPV/uO1M5XZ4BJrxmyhGGtQU=" }
};


static zoom_hmac_t  key;


static void
set_up(void)
{
    ck_assert_ptr_null(zoom_stdwebhooks_key(&key, S(secret)));
}


static zoom_stdwebhooks_t
sent(const char *id, const char *timestamp, const char *signature)
{
    zoom_stdwebhooks_t  w;

    w.id = zoom_str_c(id);
    w.timestamp = zoom_str_c(timestamp);
    w.signature = zoom_str_c(signature);

    return w;
}


static int
verify(const zoom_stdwebhooks_t *w, const char *body)
{
    int                   rc;
    zoom_buf_t            scratch;
    static unsigned char  text[1024];

    zoom_buf_init(&scratch, text, w->id.len + w->timestamp.len + 2
                                  + strlen(body));

    rc = zoom_stdwebhooks_verify(&key, w, zoom_str_c(body), &scratch);

    ck_assert_uint_eq(scratch.len, 0);

    return rc;
}


/* Whether the signatures hold for the vector's request. */

static int
holds(const char *signature)
{
    int64_t             at;
    zoom_stdwebhooks_t  w;

    w = sent(vectors[0].id, vectors[0].timestamp, signature);

    if (zoom_stdwebhooks_check(&w, NOW, &at) != NULL) {
        ck_assert_int_eq(verify(&w, ""), 0);
        return 0;
    }

    return verify(&w, "");
}


START_TEST(verifies)
{
    size_t              i;
    int64_t             at;
    zoom_stdwebhooks_t  w;
    unsigned char       text[64];

    set_up();

    w = sent(vectors[_i].id, vectors[_i].timestamp, vectors[_i].signature);

    ck_assert_ptr_null(zoom_stdwebhooks_check(&w, NOW, &at));
    ck_assert_int_eq(at, NOW);
    ck_assert_int_eq(verify(&w, vectors[_i].body), 1);

    /* any other character makes it another signature or none */

    ck_assert_uint_eq(w.signature.len, 47);
    memcpy(text, w.signature.data, 47);
    w.signature.data = text;

    for (i = 0; i < 47; i++) {
        text[i] ^= 1;
        ck_assert_int_eq(verify(&w, vectors[_i].body), 0);
        text[i] ^= 1;
    }

    ck_assert_int_eq(verify(&w, "x"), 0);
    ck_assert_int_eq(verify(&w, vectors[_i].body), 1);

    w.id = S("msg_loFOjxBNrRLzqYUg");
    ck_assert_int_eq(verify(&w, vectors[_i].body), 0);

    w.id = zoom_str_c(vectors[_i].id);
    w.timestamp = S("1731705122");
    ck_assert_int_eq(verify(&w, vectors[_i].body), 0);

    w.timestamp = zoom_str_c(vectors[_i].timestamp);
    ck_assert_ptr_null(zoom_stdwebhooks_key(&key,
                                            S("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0"
                                              "NTY3ODlhYmNkZWc=")));
    ck_assert_int_eq(verify(&w, vectors[_i].body), 0);
}
END_TEST


START_TEST(takes_any_of_several)
{
    size_t      i;
    zoom_buf_t  b;
    char        list[1024];

    static const char *const  lists[] = {
        "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= " SIGNATURE,
        SIGNATURE " v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "v1a,nonsense v2,x " SIGNATURE " x ,",
        "v1, v1,x v1 " SIGNATURE,
        "  " SIGNATURE "  "
    };

    set_up();

    for (i = 0; i < N(lists); i++) {
        ck_assert_msg(holds(lists[i]) == 1, "%s", lists[i]);
    }

    /* up to 16, the right one last */

    for (i = 1; i < 20; i++) {
        zoom_buf_init(&b, list, sizeof(list) - 1);

        while (b.len < 2 * (i - 1)) {
            zoom_buf_c(&b, "x ");
        }

        zoom_buf_c(&b, SIGNATURE);
        list[b.len] = '\0';

        ck_assert_int_eq(holds(list), i <= ZOOM_STDWEBHOOKS_SIGNATURES_MAX);
    }
}
END_TEST


START_TEST(tells_all_sums)
{
    unsigned char  sums[ZOOM_STDWEBHOOKS_SIGNATURES_MAX][ZOOM_SHA256_LEN];

    static const unsigned char  zero[ZOOM_SHA256_LEN];

    ck_assert_uint_eq(zoom_stdwebhooks_sums(S(""), sums), 0);
    ck_assert_uint_eq(zoom_stdwebhooks_sums(S("v1a,x v1, v1,AAAA"), sums), 0);
    ck_assert_uint_eq(zoom_stdwebhooks_sums(S(SIGNATURE), sums), 1);

    /* one that comes twice is one */

    ck_assert_uint_eq(zoom_stdwebhooks_sums(S(SIGNATURE " v2,x "
                          "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "
                          SIGNATURE), sums), 2);

    ck_assert_mem_ne(sums[0], zero, sizeof(zero));
    ck_assert_mem_eq(sums[1], zero, sizeof(zero));
}
END_TEST


START_TEST(refuses)
{
    size_t              i;
    zoom_buf_t          scratch;
    unsigned char       text[64];
    zoom_stdwebhooks_t  w;

    static const char *const  signatures[] = {
        "", " ", "v1", "v1,", "v1,=", "v1,AAAA",
        "dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=",
        ",dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=",
        "V1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=",
        "v2,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=",
        "v1a,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=",
        "v1=dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=",
        "v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4",
        "v1,dwOsQjncT4y-pcAZDfXJBUHnZ0KY-xhpYzXAW5373C4=",
        "v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=\n",
        "v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=,",
        "v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C5=",
        "v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4AAAA",
        "v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373A==",
        "v1\tdwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=",
        "v1,7703ac4239dc4f8cbea5c0190df5c90541e7674298fb18696335c05b9dfbdc2e"
    };

    set_up();

    for (i = 0; i < N(signatures); i++) {
        ck_assert_msg(holds(signatures[i]) == 0, "%s", signatures[i]);
    }

    w = sent(vectors[0].id, vectors[0].timestamp, SIGNATURE);

    zoom_buf_init(&scratch, text, w.id.len + w.timestamp.len + 1);
    ck_assert_int_eq(zoom_stdwebhooks_verify(&key, &w, S(""), &scratch), -1);
    ck_assert_uint_eq(scratch.len, 0);

    /* a key that is none opens nothing */

    memset(&key, 0, sizeof(key));
    ck_assert_int_eq(verify(&w, ""), -1);
}
END_TEST


START_TEST(takes_ids)
{
    int                 c;
    char                id[200];
    size_t              len;
    int64_t             at;
    zoom_stdwebhooks_t  w;

    memset(id, 'x', sizeof(id));

    w = sent("", vectors[0].timestamp, SIGNATURE);

    for (len = 0; len < sizeof(id); len++) {
        w.id = (zoom_str_t) { (unsigned char *) id, len };

        ck_assert_int_eq(zoom_stdwebhooks_check(&w, NOW, &at) == NULL,
                         len > 0 && len <= 128);
    }

    w.id.len = 3;

    for (c = 0; c < 256; c++) {
        id[1] = (char) c;

        ck_assert_msg((zoom_stdwebhooks_check(&w, NOW, &at) == NULL)
                      == ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
                          || (c >= 'a' && c <= 'z')
                          || (c && strchr("_-:+/=~@", c))), "%d", c);
    }
}
END_TEST


START_TEST(keeps_the_window)
{
    size_t              i;
    int64_t             at;
    zoom_stdwebhooks_t  w;

    static const char *const  no_time[] = {
        "", " ", "-1731705121", "+1731705121", "1731705121 ", " 1731705121",
        "1731705121.0", "1731705121s", "0x67378c21", "1e9", "now",
        "2024-11-15T21:12:01Z", "1731705121\n", "9999999999999",
        "18446744075441256737", "0000001731705121"
    };

    w = sent(vectors[0].id, "", SIGNATURE);

    for (i = 0; i < N(no_time); i++) {
        w.timestamp = zoom_str_c(no_time[i]);
        ck_assert_str_eq(zoom_stdwebhooks_check(&w, NOW, &at),
                         "the webhook's timestamp is not one");
    }

    w.timestamp = S("1731705121");

    ck_assert_ptr_null(zoom_stdwebhooks_check(&w, NOW + 300, &at));
    ck_assert_ptr_null(zoom_stdwebhooks_check(&w, NOW - 300, &at));
    ck_assert_str_eq(zoom_stdwebhooks_check(&w, NOW + 301, &at),
                     "the webhook is too old");
    ck_assert_str_eq(zoom_stdwebhooks_check(&w, NOW - 301, &at),
                     "the webhook is of the future");
    ck_assert_ptr_nonnull(zoom_stdwebhooks_check(&w, 0, &at));
    ck_assert_ptr_nonnull(zoom_stdwebhooks_check(&w, INT32_MAX, &at));

    /* a clock without a battery */

    w.timestamp = S("0");
    ck_assert_ptr_null(zoom_stdwebhooks_check(&w, 0, &at));
    w.timestamp = S("999999999999");
    ck_assert_str_eq(zoom_stdwebhooks_check(&w, NOW, &at),
                     "the webhook is of the future");
}
END_TEST


START_TEST(takes_keys)
{
    zoom_hmac_t    k;
    unsigned char  ours[ZOOM_SHA256_LEN], theirs[ZOOM_SHA256_LEN];

    /* with its prefix or without */

    set_up();
    ck_assert_ptr_null(zoom_stdwebhooks_key(&k, S("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0"
                                                  "NTY3ODlhYmNkZWY=")));
    ck_assert_int_eq(zoom_hmac(&key, S("text"), ours), 0);
    ck_assert_int_eq(zoom_hmac(&k, S("text"), theirs), 0);
    ck_assert_int_eq(zoom_hmac_same(ours, theirs), 1);

    ck_assert_str_eq(zoom_stdwebhooks_key(&k, S("not base64!")),
                     "is not base64");
    ck_assert_str_eq(zoom_stdwebhooks_key(&k, S("whsec_whsec_MDEyMzQ1Njc4OWFi"
                                                "Y2RlZg==")), "is not base64");
    ck_assert_str_eq(zoom_stdwebhooks_key(&k,
                                          S("whsk_MDEyMzQ1Njc4OWFiY2RlZg==")),
                     "is not base64");
    ck_assert_str_eq(zoom_stdwebhooks_key(&k,
                                          S("WHSEC_MDEyMzQ1Njc4OWFiY2RlZg==")),
                     "is not base64");
    ck_assert_str_eq(zoom_stdwebhooks_key(&k, S("whsec_")), "is too short");
    ck_assert_int_eq(zoom_stdwebhooks_prefixed(S("whsec_")), 1);
    ck_assert_int_eq(zoom_stdwebhooks_prefixed(S("whsec")), 0);
    ck_assert_int_eq(zoom_stdwebhooks_prefixed(S("WHSEC_MDEy")), 0);
    ck_assert_int_eq(zoom_stdwebhooks_prefixed(S("")), 0);
    ck_assert_str_eq(zoom_stdwebhooks_key(&k, S("whsec_MDEyMzQ1Njc4OWFiY2Rl")),
                     "is too short");
}
END_TEST


Suite *
unit_stdwebhooks(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("stdwebhooks");
    t = tcase_create("stdwebhooks");

    tcase_add_loop_test(t, verifies, 0, (int) N(vectors));
    tcase_add_test(t, takes_any_of_several);
    tcase_add_test(t, tells_all_sums);
    tcase_add_test(t, refuses);
    tcase_add_test(t, takes_ids);
    tcase_add_test(t, keeps_the_window);
    tcase_add_test(t, takes_keys);

    suite_add_tcase(s, t);

    return s;
}
