#include "unit.h"
#include "zoom_users.h"


static char  found[2048];


static void
note(void *data, const zoom_users_item_t *item)
{
    size_t      n;
    zoom_str_t  id, email, name, status;

    id = item->id;
    email = item->email;
    name = item->name;
    status = item->status;

    n = strlen(found);

    snprintf(found + n, sizeof(found) - n, "%s%.*s/%.*s/%.*s/%.*s",
             n ? " " : (const char *) data, (int) id.len, id.data,
             (int) email.len, email.data, (int) name.len, name.data,
             (int) status.len, status.data);
}


/* What a page brings, or what is wrong with it. */

static const char *
page(const char *text, const char *list, zoom_users_page_t *p)
{
    char         copy[4096];
    const char  *why;

    found[0] = '\0';
    snprintf(copy, sizeof(copy), "%s", text);

    why = zoom_users_page(p, (unsigned char *) copy, strlen(copy), list, note,
                          "");

    return why ? why : found;
}


START_TEST(pages)
{
    zoom_str_t         token;
    zoom_users_page_t  p;

    ck_assert_str_eq(page("{\"users\":[{\"id\":\"I\",\"email\":\"a@b\","
                          "\"status\":\"active\"},{\"email\":\"c@d\"}],"
                          "\"next_page_token\":\"T+\"}", "users", &p),
                     "I/a@b//active /c@d//");
    ck_assert_uint_eq(p.items, 2);

    token.data = p.token;
    token.len = p.token_len;
    unit_is(token, "T+");

    ck_assert_str_eq(page("{\"groups\":[{\"id\":\"G\",\"name\":\"Bots\"}],"
                          "\"next_page_token\":\"\"}", "groups", &p),
                     "G//Bots/");
    ck_assert_uint_eq(p.token_len, 0);

    ck_assert_str_eq(page("{\"users\":[]}", "users", &p), "");
    ck_assert_uint_eq(p.token_len, 0);
}
END_TEST


START_TEST(nonsense)
{
    char               text[3000];
    zoom_users_page_t  p;

    ck_assert_str_eq(page("{\"users\":[null,7,\"x\",[],{},{\"id\":1,"
                          "\"email\":null,\"status\":[]}],"
                          "\"next_page_token\":{}}", "users", &p),
                     "/// ///");
    ck_assert_uint_eq(p.token_len, 0);

    /* of a member that is there twice it is the latter */
    ck_assert_str_eq(page("{\"users\":[{\"id\":\"a\",\"id\":\"b\"}]}",
                          "users", &p), "b///");

    ck_assert_str_eq(page("{\"users\":{}}", "users", &p),
                     "has no list in it");
    ck_assert_str_eq(page("{\"code\":300}", "users", &p),
                     "has no list in it");
    ck_assert_str_eq(page("[]", "users", &p), "is not an object");
    ck_assert_str_eq(page("", "users", &p), "is empty");
    ck_assert_str_eq(page("{\"users\":[", "users", &p), "is truncated");

    /* what is longer than it may be */
    snprintf(text, sizeof(text), "{\"users\":[{\"id\":\"%065d\",\"email\":"
             "\"%0129d\"}],\"next_page_token\":\"%01025d\"}", 1, 1, 1);
    ck_assert_str_eq(page(text, "users", &p), "///");
    ck_assert_uint_eq(p.token_len, 0);
}
END_TEST


/* One user's name does not spoil all others. */

START_TEST(mended)
{
    size_t             i;
    char               text[256];
    zoom_users_page_t  p;

    static const char *const  names[] = {
        "\\ud800", "\\udc00x", "\\ud83d\\ude00", "\\uD83Dx\\uDE00",
        "\\u0000", "\\\\u0000", "\\\\\\ud800", "\\ud800\\ud800",
        "\\ud800\\n", "\\u00e9"
    };

    for (i = 0; i < N(names); i++) {
        snprintf(text, sizeof(text), "{\"users\":[{\"id\":\"I\",\"first\":"
                 "\"%s\"}]}", names[i]);
        ck_assert_str_eq(page(text, "users", &p), "I///");
    }

    ck_assert_str_eq(page("{\"users\":[{\"id\":\"\\u", "users", &p),
                     "is not JSON");
    ck_assert_str_eq(page("{\"users\":[{\"id\":\"\\uzzzz\"}]}", "users", &p),
                     "is not JSON");
}
END_TEST


START_TEST(answers)
{
    size_t               i;
    zoom_users_answer_t  a;

    static const struct {
        int            status;
        const char    *body;
        zoom_users_e   result;
        int            code;
    } list[] = {
        { 201, "{\"id\":\"I\",\"email\":\"a@b\"}", ZOOM_USERS_ACTIVE, 0 },
        { 200, "{\"email\":\"a@b\",\"status\":\"active\"}",
          ZOOM_USERS_ACTIVE, 0 },
        { 200, "{\"id\":\"I\",\"status\":\"inactive\"}",
          ZOOM_USERS_INACTIVE, 0 },
        { 200, "{\"id\":\"I\",\"status\":\"pending\"}",
          ZOOM_USERS_PENDING, 0 },
        { 200, "{\"code\":300}", ZOOM_USERS_REFUSED, 300 },
        { 201, "{}", ZOOM_USERS_REFUSED, 0 },
        { 201, "", ZOOM_USERS_REFUSED, 0 },
        { 201, "[]", ZOOM_USERS_REFUSED, 0 },
        { 409, "{\"code\":1005}", ZOOM_USERS_EXISTS, 1005 },
        { 400, "{\"code\":1009}", ZOOM_USERS_EXISTS, 1009 },
        { 400, "{\"code\":\"1009\"}", ZOOM_USERS_EXISTS, 1009 },
        { 400, "{\"code\":1120}", ZOOM_USERS_PENDING, 1120 },
        { 404, "{\"code\":1001}", ZOOM_USERS_UNKNOWN, 1001 },
        { 404, "{\"code\":1010}", ZOOM_USERS_UNKNOWN, 1010 },
        { 400, "{\"code\":2033}", ZOOM_USERS_FULL, 2033 },
        { 400, "{\"code\":2034}", ZOOM_USERS_FULL, 2034 },
        { 400, "{\"code\":2038}", ZOOM_USERS_FULL, 2038 },
        { 400, "{\"code\":3412}", ZOOM_USERS_FULL, 3412 },
        { 400, "{\"code\":300}", ZOOM_USERS_EXPIRED, 300 },
        { 404, "{\"code\":300}", ZOOM_USERS_REFUSED, 300 },
        { 400, "{\"code\":4711}", ZOOM_USERS_REFUSED, 4711 },
        { 400, "{\"code\":-7}", ZOOM_USERS_REFUSED, 0 },
        { 400, "{\"code\":1e300}", ZOOM_USERS_REFUSED, 0 },
        { 503, "<html>", ZOOM_USERS_REFUSED, 0 },
        { 204, "", ZOOM_USERS_REFUSED, 0 }
    };

    for (i = 0; i < N(list); i++) {
        zoom_users_answer(&a, list[i].status, zoom_str_c(list[i].body));

        ck_assert_int_eq(a.result, list[i].result);
        ck_assert_int_eq(a.code, list[i].code);
    }

    zoom_users_answer(&a, 201, S("{\"id\":\"Id1\",\"email\":\"a@b\"}"));
    ck_assert_uint_eq(a.id_len, 3);
    ck_assert_int_eq(memcmp(a.id, "Id1", 3), 0);

    zoom_users_answer(&a, 400, S("{\"code\":1,\"message\":\"a\\nb\"}"));
    ck_assert_str_eq((char *) a.message, "a\\x0ab");
}
END_TEST


START_TEST(made)
{
    zoom_buf_t  b;
    char        text[256];

    zoom_buf_init(&b, text, sizeof(text));
    zoom_users_create(&b, S("autoCreate"), S("a\"\\b@c"), 2);
    unit_is(unit_buf(&b), "{\"action\":\"autoCreate\",\"user_info\":{"
            "\"email\":\"a\\\"\\\\b@c\",\"type\":2}}");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_users_numbered(&b, S("bot-%d@example.com"), 10000);
    unit_is(unit_buf(&b), "bot-10000@example.com");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_users_numbered(&b, S("%d"), 7);
    unit_is(unit_buf(&b), "7");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_users_numbered(&b, S("%%d@x"), 7);
    unit_is(unit_buf(&b), "%7@x");
}
END_TEST


Suite *
unit_users(void)
{
    Suite  *s;
    TCase  *c;

    s = suite_create("users");
    c = tcase_create("users");

    tcase_add_test(c, pages);
    tcase_add_test(c, nonsense);
    tcase_add_test(c, mended);
    tcase_add_test(c, answers);
    tcase_add_test(c, made);

    suite_add_tcase(s, c);

    return s;
}
