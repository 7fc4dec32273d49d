#include "unit.h"
#include "zoom_path.h"


#define UUID  "abcdefghijklmnopqrst=="


static zoom_path_t  path;


START_TEST(reads)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  out[ZOOM_PATH_SENT_MAX];

    static const struct {
        const char  *raw;
        const char  *sent;
    } paths[] = {
        { "/users", "/users" },
        { "/%75sers/a@b.example", "/users/a%40b.example" },
        { "/users/a%40b.example", "/users/a%40b.example" },
        { "/a/x y", "/a/x%20y" },
        { "/a/100%25", "/a/100%25" },
        { "/a/100%25x", "/a/100%25x" },
        { "/a/100%252", "/a/100%252" },
        { "/a/b+c", "/a/b%2Bc" },
        { "/a/%c3%a9", "/a/%C3%A9" },
        { "/a/\xc3\xa9", "/a/%C3%A9" },
        { "/a/...", "/a/..." },
        { "/a/b?", "/a/b%3F" },
        { "/m/" UUID, "/m/abcdefghijklmnopqrst%3D%3D" },
        { "/m/ab%2Fcdefghijklmnopqrst==",
          "/m/ab%2Fcdefghijklmnopqrst%3D%3D" },
        { "/m/ab%252Fcdefghijklmnopqrst%253D%253D",
          "/m/ab%2Fcdefghijklmnopqrst%3D%3D" },
        { "/m/%2F" UUID, "/m/%252Fabcdefghijklmnopqrst%253D%253D" },
        { "/m/%252F" UUID, "/m/%252Fabcdefghijklmnopqrst%253D%253D" },
        { "/m/a%2F%2F" UUID, "/m/a%252F%252Fabcdefghijklmnopqrst%253D%253D" },
        { "/m/%2FajXp112QmuoKj4854875==",
          "/m/%252FajXp112QmuoKj4854875%253D%253D" }
    };

    for (i = 0; i < N(paths); i++) {
        ck_assert_msg(zoom_path_read(&path, zoom_str_c(paths[i].raw)) == NULL,
                      "%s", paths[i].raw);

        zoom_buf_init(&b, out, sizeof(out));
        zoom_path_write(&b, &path);

        unit_is(unit_buf(&b), paths[i].sent);
    }
}
END_TEST


START_TEST(refuses)
{
    size_t       i;
    const char  *why;

    static const struct {
        const char  *raw;
        const char  *why;
    } paths[] = {
        { "", "does not begin with \"/\"" },
        { "users", "does not begin with \"/\"" },
        { "https://api.zoom.us/v2/users", "does not begin with \"/\"" },
        { "/", "has an empty segment" },
        { "//users", "has an empty segment" },
        { "/users/", "has an empty segment" },
        { "/users//token", "has an empty segment" },
        { "/users/../token", "has a dot segment" },
        { "/users/%2e%2E/token", "has a dot segment" },
        { "/users/.", "has a dot segment" },
        { "/users/.%2e", "has a dot segment" },
        { "/users/%", "has a bad escape" },
        { "/users/%2", "has a bad escape" },
        { "/users/%zz", "has a bad escape" },
        { "/users/%u002f", "has a bad escape" },
        { "/users/%252e%252e", "is encoded twice" },
        { "/users/%256de", "is encoded twice" },
        { "/users/%2525252e", "is encoded twice" },
        { "/users/a%25%32%66b", "is encoded twice" },
        { "/users/a%252fb", "is encoded twice" },
        { "/users/%25zz%2565", "is encoded twice" },
        { "/users/a%2fb", "has an encoded slash" },
        { "/meetings/1%2Finvitation", "has an encoded slash" },
        { "/meetings/..%2F..%2Fusers%2Faaaaaaaa==", "has an encoded slash" },
        { "/meetings/" UUID UUID "a%2F" UUID, "has an encoded slash" },
        { "/users/a\\b", "has a backslash or semicolon" },
        { "/users/..%5c..", "has a backslash or semicolon" },
        { "/users/me;x=1/token", "has a backslash or semicolon" },
        { "/users/..%3b/token", "has a backslash or semicolon" },
        { "/users/a%00b", "has a control character" },
        { "/users/a%0d%0aX-Y:z", "has a control character" },
        { "/users/a%7f", "has a control character" },
        { "/users/me%20", "has a space at an end of a segment" },
        { "/users/%20me", "has a space at an end of a segment" },
        { "/users/%c0%ae%c0%ae", "is no UTF-8" },
        { "/users/%c0%af", "is no UTF-8" },
        { "/users/%e0%80%af", "is no UTF-8" },
        { "/users/%ed%a0%80", "is no UTF-8" },
        { "/users/%c2%85", "is no UTF-8" },
        { "/users/%ff", "is no UTF-8" },
        { "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y",
          "has too many segments" }
    };

    for (i = 0; i < N(paths); i++) {
        why = zoom_path_read(&path, zoom_str_c(paths[i].raw));

        ck_assert_msg(why && strcmp(why, paths[i].why) == 0, "%s: %s",
                      paths[i].raw, why ? why : "none");
    }
}
END_TEST


START_TEST(bounds)
{
    zoom_buf_t     b;
    zoom_str_t     raw;
    static char    text[ZOOM_PATH_MAX + 1];
    unsigned char  out[ZOOM_PATH_SENT_MAX];

    memset(text, '~', sizeof(text));
    text[0] = '/';

    raw.data = (unsigned char *) text;
    raw.len = sizeof(text);
    ck_assert_str_eq(zoom_path_read(&path, raw), "is too long");

    memset(text + 1, '(', sizeof(text) - 1);

    raw.len--;
    ck_assert_ptr_null(zoom_path_read(&path, raw));

    zoom_buf_init(&b, out, sizeof(out));
    zoom_path_write(&b, &path);
    ck_assert_int_eq(b.overflow, 0);
    ck_assert_uint_eq(b.len, 1 + 3 * (ZOOM_PATH_MAX - 1));
}
END_TEST


START_TEST(me)
{
    size_t  i;

    static const struct {
        const char  *raw;
        int          me;
    } paths[] = {
        { "/users/me", 1 }, { "/users/ME/zak", 1 }, { "/users/%6De", 1 },
        { "/users/m%45/token", 1 }, { "/users/men", 0 }, { "/users/m", 0 }
    };

    for (i = 0; i < N(paths); i++) {
        ck_assert_ptr_null(zoom_path_read(&path, zoom_str_c(paths[i].raw)));
        ck_assert_msg(zoom_path_has_me(&path) == paths[i].me, "%s",
                      paths[i].raw);
    }
}
END_TEST


Suite *
unit_path(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("path");
    tc = tcase_create("path");

    tcase_add_test(tc, reads);
    tcase_add_test(tc, refuses);
    tcase_add_test(tc, bounds);
    tcase_add_test(tc, me);

    suite_add_tcase(s, tc);

    return s;
}
