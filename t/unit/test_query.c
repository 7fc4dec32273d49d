#include "unit.h"
#include "zoom_query.h"


#define TEXT_MAX  512


static const zoom_hidden_t  hidden[] = {
    { zoom_str("password"), 0 },
    { zoom_str("tk"), 0 },
    { zoom_str("meeting_id"), 1 },
    { zoom_str("Key"), 0 },
    { zoom_str("tk2"), 1 }
};


/* One name at a time, of a text that is taken apart and decoded first. */

static int
model_is(zoom_str_t sent, zoom_str_t name)
{
    size_t         i, n;
    unsigned char  decoded[TEXT_MAX];

    n = 0;

    for (i = 0; i < sent.len; i++) {
        if (sent.data[i] != '%' || sent.len - i < 3) {
            decoded[n++] = sent.data[i];
            continue;
        }

        if (zoom_hex(sent.data[i + 1]) == -1
            || zoom_hex(sent.data[i + 2]) == -1)
        {
            return 0;
        }

        decoded[n++] = (unsigned char) (zoom_hex(sent.data[i + 1]) * 16
                                        + zoom_hex(sent.data[i + 2]));
        i += 2;
    }

    return zoom_str_caseeq((zoom_str_t) { decoded, n }, name);
}


static int
model_number(zoom_str_t value)
{
    char  text[TEXT_MAX + 1], *p;

    memcpy(text, value.data, value.len);
    text[value.len] = '\0';

    while ((p = strstr(text, "%20")) != NULL) {
        memcpy(p, "---", 3);
    }

    return strlen(text) == value.len
           && strspn(text, "0123456789+-") == value.len;
}


static void
model_hide(unsigned char *text, size_t len, const zoom_hidden_t *one)
{
    size_t      i, start, equal;
    zoom_str_t  name, value;

    start = 0;
    equal = len;

    for (i = 0; i <= len; i++) {

        if (i < len && text[i] != '&') {
            equal = (text[i] == '=' && equal == len) ? i : equal;
            continue;
        }

        if (equal < i) {
            name = (zoom_str_t) { text + start, equal - start };
            value = (zoom_str_t) { text + equal + 1, i - equal - 1 };

            if (model_is(name, one->name)
                && !(one->number && model_number(value)))
            {
                memset(text + equal + 1, '*', value.len);
            }
        }

        start = i + 1;
        equal = len;
    }
}


/* Arguments as people write them, and as nobody does. */

static size_t
random_query(unsigned char *text, uint32_t *state)
{
    size_t      i, n;
    zoom_buf_t  b;

    static const char *const  names[] = {
        "password", "PassWord", "%70assword", "pass%57ord", "pass%5word",
        "tk", "Tk", "t%6b", "t%6B", "%74k", "t%6", "tk2", "tk%32", "k",
        "meeting_id", "meeting%5Fid", "meeting", "key", "KEY", "%6bey"
    };

    static const char *const  pieces[] = {
        "&", "&", "=", "=", "tk", "%6b", "%", "%%", "%3d", "%26", "CANARY",
        "861", "%20", "%2", "+", "-", "0", "1", " ", "?", "#", "*", "\xff",
        "%00", ";", "https://zoom.us/j/1"
    };

    zoom_buf_init(&b, text, TEXT_MAX);
    n = unit_random(state, 12);

    for (i = 0; i < n; i++) {

        if (unit_random(state, 3)) {
            zoom_buf_c(&b, i ? "&" : "");
            zoom_buf_c(&b, names[unit_random(state, N(names))]);
            zoom_buf_c(&b, unit_random(state, 5) ? "=" : "");
        }

        if (unit_random(state, 40) == 0) {
            zoom_buf_add(&b, "", 1);
        }

        zoom_buf_c(&b, pieces[unit_random(state, N(pieces))]);
    }

    ck_assert_int_eq(b.overflow, 0);

    return b.len;
}


START_TEST(hides)
{
    size_t         i;
    unsigned char  text[TEXT_MAX];

    static const struct {
        const char  *query;
        const char  *want;
    } table[] = {
        { "", "" },
        { "&&&", "&&&" },
        { "tk=CANARY", "tk=******" },
        { "a=b&tk=CANARY&c=d", "a=b&tk=******&c=d" },
        { "tk=CANARY&tk=CANARY", "tk=******&tk=******" },
        { "&&tk=CANARY&", "&&tk=******&" },
        { "tk", "tk" },
        { "tk=", "tk=" },
        { "tk&tk=x", "tk&tk=*" },
        { "tk=a=b", "tk=***" },
        { "=tk", "=tk" },
        { "tk3=x&t=x&xtk=x&=x", "tk3=x&t=x&xtk=x&=x" },
        { "%74%6B=x&%74k=x&t%6b=x", "%74%6B=*&%74k=*&t%6b=*" },
        { "t%256b=x&t%6=x&t%=x&%zzk=x", "t%256b=x&t%6=x&t%=x&%zzk=x" },
        { "PASSWORD=x&password=y", "PASSWORD=*&password=*" },
        { "KEY=x&key=y&Key=z", "KEY=*&key=*&Key=*" },
        { "meeting_id=8612580", "meeting_id=8612580" },
        { "meeting_id=861 258", "meeting_id=*******" },
        { "meeting_id=861%20258+0-160", "meeting_id=861%20258+0-160" },
        { "meeting_id=861%2", "meeting_id=*****" },
        { "meeting_id=861%21", "meeting_id=******" },
        { "meeting_id=https://zoom.us/j/1", "meeting_id=*******************" }
    };

    for (i = 0; i < N(table); i++) {
        zoom_str_t  got = zoom_str_c(table[i].query);

        memcpy(text, got.data, got.len);

        zoom_query_hide(text, got.len, hidden, N(hidden));

        got.data = text;
        unit_is(got, table[i].want);
    }
}
END_TEST


START_TEST(hides_what_either_hides)
{
    size_t  i;

    static const zoom_hidden_t  twice[][2] = {
        { { zoom_str("id"), 1 }, { zoom_str("id"), 0 } },
        { { zoom_str("id"), 0 }, { zoom_str("id"), 1 } }
    };

    for (i = 0; i < N(twice); i++) {
        unsigned char  text[] = "id=1";

        zoom_query_hide(text, 4, twice[i], 2);
        ck_assert_str_eq((char *) text, "id=*");
    }
}
END_TEST


START_TEST(is_as_one_name_at_a_time)
{
    size_t         k, len, n, changed;
    uint32_t       state, round;
    unsigned char  sent[TEXT_MAX], text[TEXT_MAX + 1], want[TEXT_MAX + 1];

    state = 20261129;
    changed = 0;

    for (round = 0; round < 200000; round++) {

        len = random_query(sent, &state);
        n = unit_random(&state, N(hidden) + 1);

        memcpy(text, sent, len);
        memcpy(want, sent, len);

        text[len] = want[len] = '=';

        zoom_query_hide(text, len, hidden, n);

        for (k = 0; k < n; k++) {
            model_hide(want, len, &hidden[k]);
        }

        ck_assert_msg(memcmp(text, want, len + 1) == 0,
                      "\"%.*s\": \"%.*s\", not \"%.*s\"", (int) len, sent,
                      (int) len, text, (int) len, want);

        changed += (memcmp(text, sent, len) != 0);

        /* and again is the same */

        zoom_query_hide(text, len, hidden, n);
        ck_assert_int_eq(memcmp(text, want, len + 1), 0);
    }

    ck_assert_uint_gt(changed, 100000);
}
END_TEST


START_TEST(hides_secrets)
{
    size_t         i;
    zoom_buf_t     scratch;
    unsigned char  text[TEXT_MAX], room[TEXT_MAX];

    static const struct {
        const char  *query;
        const char  *want;
    } table[] = {
        { "", "" },
        { "CANARY", "******" },
        { "a=CANARY", "a=******" },
        { "CANARY=CANARY", "CANARY=******" },
        { "a=CANAR%59&%43ANARY&b=CANARYx&c=CANAR&d=", "a=********&********"
          "&b=CANARYx&c=CANAR&d=" },
        { "a=canary&b=CANARY%&c=%CANARY", "a=canary&b=CANARY%&c=%CANARY" },
        { "a=x=CANARY", "a=x=CANARY" }
    };

    for (i = 0; i < N(table); i++) {
        zoom_str_t  got = zoom_str_c(table[i].query);

        memcpy(text, got.data, got.len);
        zoom_buf_init(&scratch, room, got.len);

        zoom_query_hide_secret(text, got.len, S("CANARY"), &scratch);

        got.data = text;
        unit_is(got, table[i].want);
    }
}
END_TEST


START_TEST(hides_all_without_room)
{
    zoom_buf_t     scratch;
    unsigned char  text[] = "a=x&yy&b=&c=z%";

    zoom_buf_init(&scratch, NULL, 0);
    zoom_query_hide_secret(text, sizeof(text) - 1, S("CANARY"), &scratch);

    ck_assert_str_eq((char *) text, "a=*&**&b=&c=**");
}
END_TEST


Suite *
unit_query(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("query");
    t = tcase_create("query");

    tcase_add_test(t, hides);
    tcase_add_test(t, hides_what_either_hides);
    tcase_add_test(t, is_as_one_name_at_a_time);
    tcase_add_test(t, hides_secrets);
    tcase_add_test(t, hides_all_without_room);

    suite_add_tcase(s, t);

    return s;
}
