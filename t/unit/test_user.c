#include "unit.h"
#include "zoom_user.h"


static const struct {
    const char   *user;
    zoom_user_e   kind;
} rows[] = {
    { "", ZOOM_USER_EMPTY },

    { "KDcuGIm1QgePTO8WbOqwIQ", ZOOM_USER_ID },
    { "a", ZOOM_USER_ID },
    { "-_", ZOOM_USER_ID },
    { "mee", ZOOM_USER_ID },
    { "xme", ZOOM_USER_ID },

    { "me", ZOOM_USER_INVALID },
    { "ME", ZOOM_USER_INVALID },
    { "Me", ZOOM_USER_INVALID },
    { "mE", ZOOM_USER_INVALID },
    { "%6de", ZOOM_USER_INVALID },
    { "me ", ZOOM_USER_INVALID },
    { "me/", ZOOM_USER_INVALID },
    { "..", ZOOM_USER_INVALID },
    { "a.b", ZOOM_USER_INVALID },
    { "a+b", ZOOM_USER_INVALID },
    { "caf\xc3\xa9", ZOOM_USER_INVALID },
    { "a\n", ZOOM_USER_INVALID },

    { "bots@example.com", ZOOM_USER_EMAIL },
    { "a@b", ZOOM_USER_EMAIL },
    { "first.last+tag@x.example", ZOOM_USER_EMAIL },
    { "me@example.com", ZOOM_USER_EMAIL },

    { "@", ZOOM_USER_INVALID },
    { "@b", ZOOM_USER_INVALID },
    { "a@", ZOOM_USER_INVALID },
    { "a@b@c", ZOOM_USER_INVALID },
    { "a b@c", ZOOM_USER_INVALID },
    { "a/b@c", ZOOM_USER_INVALID },
    { "../x@c", ZOOM_USER_INVALID },
    { "a?b@c", ZOOM_USER_INVALID },
    { "a#b@c", ZOOM_USER_INVALID },
    { "a%b@c", ZOOM_USER_INVALID },
    { "a@b\r\n", ZOOM_USER_INVALID },
    { "a@b\x7f", ZOOM_USER_INVALID },
    { "\xc3\xa9@b", ZOOM_USER_INVALID }
};


START_TEST(checks)
{
    ck_assert_msg(zoom_user_check(zoom_str_c(rows[_i].user)) == rows[_i].kind,
                  "\"%s\" is not %d", rows[_i].user, rows[_i].kind);
}
END_TEST


START_TEST(has_limits)
{
    unsigned char  text[200];

    memset(text, 'a', sizeof(text));

    ck_assert(zoom_user_check((zoom_str_t) { text, 64 }) == ZOOM_USER_ID);
    ck_assert(zoom_user_check((zoom_str_t) { text, 65 }) == ZOOM_USER_INVALID);

    text[1] = '@';

    ck_assert(zoom_user_check((zoom_str_t) { text, 128 }) == ZOOM_USER_EMAIL);
    ck_assert(zoom_user_check((zoom_str_t) { text, 129 })
              == ZOOM_USER_INVALID);

    /* too long to be an e-mail, so case counts */

    ck_assert_int_eq(zoom_user_match(S("A@*"), (zoom_str_t) { text, 129 }),
                     0);

    ck_assert(zoom_user_check(S("a\0b")) == ZOOM_USER_INVALID);
    ck_assert(zoom_user_check(S("a@b\0")) == ZOOM_USER_INVALID);
    ck_assert(zoom_user_check(zoom_str_c(NULL)) == ZOOM_USER_EMPTY);
}
END_TEST


START_TEST(folds)
{
    zoom_buf_t     b;
    unsigned char  data[32];

    zoom_buf_init(&b, data, sizeof(data));
    zoom_user_fold(&b, S("Bots@Example.COM"));
    unit_is(unit_buf(&b), "bots@example.com");

    zoom_buf_init(&b, data, sizeof(data));
    zoom_user_fold(&b, S("KDcuGIm1QgePTO8WbOqwIQ"));
    unit_is(unit_buf(&b), "KDcuGIm1QgePTO8WbOqwIQ");

    zoom_buf_init(&b, data, 3);
    zoom_user_fold(&b, S("A@b.c"));
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


static const struct {
    const char  *pattern;
    const char  *user;
    int          matches;
} patterns[] = {
    { "bots@example.com", "bots@example.com", 1 },
    { "bots@example.com", "BOTS@example.com", 1 },
    { "Bots@example.com", "bots@example.com", 1 },
    { "bots@example.com", "bots@example.co", 0 },
    { "bots@example.com", "xbots@example.com", 0 },
    { "*@example.com", "a@example.com", 1 },
    { "*@example.com", "a@example.com.evil.example", 0 },
    { "*@example.com", "a@notexample.com", 0 },
    { "bot-*@example.com", "bot-7@example.com", 1 },
    { "bot-*@example.com", "bot-@example.com", 1 },
    { "bot-*@example.com", "bot7@example.com", 0 },
    { "*", "anything", 1 },
    { "*", "", 1 },
    { "**", "a@b", 1 },
    { "a**b", "ab", 1 },
    { "a*b*c", "a@xbxbxc", 1 },
    { "a*b*c", "a@xbxbxcd", 0 },
    { "*ab*", "xxaab@y", 1 },
    { "*abab", "abaabab", 1 },
    { "", "", 1 },
    { "", "a", 0 },
    { "a", "", 0 },
    { "KDcu", "KDcu", 1 },
    { "kdcu", "KDcu", 0 },
    { "K*", "KDcu", 1 },
    { "k*", "KDcu", 0 },
    { "a?c", "abc", 0 },
    { "a.c", "abc", 0 }
};


START_TEST(matches)
{
    ck_assert_msg(zoom_user_match(zoom_str_c(patterns[_i].pattern),
                                  zoom_str_c(patterns[_i].user))
                  == patterns[_i].matches, "\"%s\" with \"%s\"",
                  patterns[_i].pattern, patterns[_i].user);
}
END_TEST


/* exponential in a naive matcher; Check's timeout would tell */

START_TEST(matches_in_time)
{
    int            i;
    zoom_buf_t     b;
    unsigned char  pattern[256], user[128];

    memset(user, 'a', sizeof(user));
    zoom_buf_init(&b, pattern, sizeof(pattern));

    for (i = 0; i < 100; i++) {
        zoom_buf_c(&b, "a*");
    }

    zoom_buf_c(&b, "b");

    ck_assert_int_eq(zoom_user_match(unit_buf(&b), (zoom_str_t) { user, 128 }),
                     0);
}
END_TEST


Suite *
unit_user(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("user");
    t = tcase_create("user");

    tcase_add_loop_test(t, checks, 0, (int) N(rows));
    tcase_add_test(t, has_limits);
    tcase_add_test(t, folds);
    tcase_add_loop_test(t, matches, 0, (int) N(patterns));
    tcase_add_test(t, matches_in_time);

    suite_add_tcase(s, t);

    return s;
}
