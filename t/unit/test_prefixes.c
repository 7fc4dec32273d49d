#include "unit.h"
#include "zoom_prefixes.h"


#define MOST  40


static zoom_prefix_t  list[MOST];
static char           texts[MOST][8];
static uint32_t       seed;


/* Of two letters, so that many begin alike. */

static zoom_str_t
any(char *buf)
{
    size_t      i;
    zoom_str_t  s;

    s.data = (unsigned char *) buf;
    s.len = unit_random(&seed, 7);

    for (i = 0; i < s.len; i++) {
        buf[i] = "ab"[unit_random(&seed, 2)];
    }

    return s;
}


static int64_t
slowly(uint32_t n, zoom_str_t key)
{
    uint32_t  i;
    int64_t   latest;

    latest = ZOOM_PREFIXES_NONE;

    for (i = 0; i < n; i++) {
        if (list[i].text.len <= key.len
            && memcmp(list[i].text.data, key.data, list[i].text.len) == 0
            && list[i].time > latest)
        {
            latest = list[i].time;
        }
    }

    return latest;
}


/* Sorting changes times, but not what is found. */

START_TEST(random_sets)
{
    uint32_t    i, n;
    int64_t     latest[64];
    zoom_str_t  keys[64];
    char        text[64][8];

    seed = (uint32_t) _i + 1;
    n = unit_random(&seed, MOST + 1);

    for (i = 0; i < n; i++) {
        list[i].text = any(texts[i]);
        list[i].time = (int64_t) unit_random(&seed, 9) - 4;
        list[i].up = 99;
    }

    for (i = 0; i < 64; i++) {
        keys[i] = any(text[i]);
        latest[i] = slowly(n, keys[i]);
    }

    zoom_prefixes_sort(list, n);

    for (i = 0; i < 64; i++) {
        ck_assert_int_eq(zoom_prefixes_find(list, n, keys[i]), latest[i]);
    }
}
END_TEST


START_TEST(no_sets)
{
    zoom_str_t  key = zoom_str("key");

    zoom_prefixes_sort(list, 0);
    ck_assert(zoom_prefixes_find(list, 0, key) == ZOOM_PREFIXES_NONE);
}
END_TEST


START_TEST(bytes)
{
    zoom_str_t  high = zoom_str("\xff\x01"), low = zoom_str("\x01\xff");

    list[0].text = high;
    list[0].time = 1;
    list[1].text = low;
    list[1].time = 2;

    zoom_prefixes_sort(list, 2);

    ck_assert_int_eq(zoom_prefixes_find(list, 2, high), 1);
    ck_assert_int_eq(zoom_prefixes_find(list, 2, low), 2);
}
END_TEST


Suite *
unit_prefixes(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("prefixes");
    t = tcase_create("prefixes");

    tcase_add_loop_test(t, random_sets, 0, 500);
    tcase_add_test(t, no_sets);
    tcase_add_test(t, bytes);

    suite_add_tcase(s, t);

    return s;
}
