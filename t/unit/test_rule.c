#include "unit.h"
#include "zoom_rule.h"


START_TEST(reads)
{
    size_t       i;
    zoom_rule_t  rule;

    static const struct {
        const char   *text;
        zoom_rule_e   kind;
        int           account;
        int           user;
    } rules[] = {
        { "*", ZOOM_RULE_ALL, 1, 1 },
        { "read", ZOOM_RULE_READ, 1, 1 },
        { "write", ZOOM_RULE_WRITE, 1, 1 },
        { "meeting:read:*", ZOOM_RULE_SCOPE, 1, 1 },
        { "meeting:read:meeting", ZOOM_RULE_SCOPE, 0, 1 },
        { "meeting:read:meeting:admin", ZOOM_RULE_SCOPE, 1, 0 },
        { "user:write:user:admin", ZOOM_RULE_SCOPE, 1, 1 },
        { "*:admin", ZOOM_RULE_SCOPE, 1, 1 },
        { "scim2:admin", ZOOM_RULE_SCOPE, 1, 1 },
        { "meeting:raed:*", ZOOM_RULE_SCOPE, 0, 0 },
        { "GET:/users/{userId}", ZOOM_RULE_PATH, 1, 1 },
        { "GET:/users/{id}", ZOOM_RULE_PATH, 1, 1 },
        { "GET:/users/*", ZOOM_RULE_PATH, 1, 1 },
        { "GET:/*", ZOOM_RULE_PATH, 0, 0 },
        { "GET:/scim2/Users", ZOOM_RULE_PATH, 1, 1 },
        { "GET:/usres/{id}", ZOOM_RULE_PATH, 0, 0 },
        { "GET:/users/{id}/nothing", ZOOM_RULE_PATH, 0, 0 },
        { "GET:/users/u", ZOOM_RULE_PATH, 0, 0 }
    };

    for (i = 0; i < N(rules); i++) {
        ck_assert_msg(zoom_rule_read(&rule, zoom_str_c(rules[i].text)) == NULL,
                      "%s", rules[i].text);
        ck_assert_int_eq(rule.kind, rules[i].kind);
        ck_assert_msg(zoom_rule_matches(&rule, ZOOM_OF_ACCOUNT)
                      == rules[i].account, "%s", rules[i].text);
        ck_assert_msg(zoom_rule_matches(&rule, ZOOM_OF_USER)
                      == rules[i].user, "%s", rules[i].text);
    }
}
END_TEST


START_TEST(refuses)
{
    size_t       i;
    char         text[ZOOM_RULE_MAX + 2];
    zoom_rule_t  rule;

    static const char *const  rules[] = {
        "", "reed", "GET", "GET/users", "/users", "get:/users", "HEAD:/users",
        "GET:/", "GET:/users/", "GET:/users//x", "GET:/users/{}",
        "GET:/users/{a b}", "GET:/users/a*", "GET:/users/a%40b", ":/users",
        "a:b,c:d", "meeting:read:{x}", "a:b/c", "a:\tb"
    };

    for (i = 0; i < N(rules); i++) {
        ck_assert_msg(zoom_rule_read(&rule, zoom_str_c(rules[i])) != NULL,
                      "%s", rules[i]);
    }

    memset(text, 'a', sizeof(text));
    text[1] = ':';
    text[sizeof(text) - 1] = '\0';

    ck_assert_ptr_nonnull(zoom_rule_read(&rule, zoom_str_c(text)));

    text[sizeof(text) - 2] = '\0';
    ck_assert_ptr_null(zoom_rule_read(&rule, zoom_str_c(text)));
}
END_TEST


START_TEST(permits)
{
    size_t        i;
    zoom_path_t   path;
    zoom_rule_t   rule;
    zoom_asked_t  asked;

    static const struct {
        const char    *rule;
        zoom_method_e  method;
        const char    *raw;
        int            account;
        int            user;
    } cases[] = {
        { "*", ZOOM_GET, "/users", 1, 1 },
        { "*", ZOOM_GET, "/nothing", 0, 0 },
        { "read", ZOOM_GET, "/users/u", 1, 1 },
        { "read", ZOOM_PATCH, "/users/u", 0, 0 },
        { "read", ZOOM_GET, "/nothing", 0, 0 },
        { "write", ZOOM_GET, "/users/u", 0, 0 },
        { "write", ZOOM_PATCH, "/users/u", 1, 1 },
        { "meeting:read:*", ZOOM_GET, "/meetings/1", 1, 1 },
        { "meeting:read:*", ZOOM_PATCH, "/meetings/1", 0, 0 },
        { "meeting:read:*", ZOOM_GET, "/webinars/1", 0, 0 },
        { "meeting:read:meeting", ZOOM_GET, "/meetings/1", 0, 1 },
        { "meeting:read:meeting:admin", ZOOM_GET, "/meetings/1", 1, 0 },
        { "GET:/users/{x}", ZOOM_GET, "/users/u", 1, 1 },
        { "GET:/users/{x}", ZOOM_GET, "/users/email", 0, 0 },
        { "GET:/users/{x}", ZOOM_GET, "/users", 0, 0 },
        { "GET:/users/{x}", ZOOM_PATCH, "/users/u", 0, 0 },
        { "GET:/beta/{x}/y", ZOOM_GET, "/beta/1/y", 1, 1 },
        { "GET:/beta/{x}/y", ZOOM_POST, "/beta/1/y", 0, 0 },
        { "GET:/beta/{x}/y", ZOOM_GET, "/beta/1/z", 0, 0 },
        { "GET:/beta/{x}/y", ZOOM_GET, "/beta/1", 0, 0 },
        { "GET:/beta/{x}/y", ZOOM_GET, "/beta/1/y/z", 0, 0 },
        { "GET:/beta/{x}/y", ZOOM_GET, "/users/u", 0, 0 }
    };

    for (i = 0; i < N(cases); i++) {
        ck_assert_ptr_null(zoom_rule_read(&rule, zoom_str_c(cases[i].rule)));
        ck_assert_ptr_null(zoom_path_read(&path, zoom_str_c(cases[i].raw)));

        asked.method = cases[i].method;
        asked.path = &path;
        asked.endpoint = zoom_endpoint_find(asked.method, &path);
        asked.whose = ZOOM_OF_ACCOUNT;

        ck_assert_msg(zoom_rule_permits(&rule, &asked) == cases[i].account,
                      "%s: %s", cases[i].rule, cases[i].raw);

        asked.whose = ZOOM_OF_USER;

        ck_assert_msg(zoom_rule_permits(&rule, &asked) == cases[i].user,
                      "%s: %s", cases[i].rule, cases[i].raw);
    }
}
END_TEST


START_TEST(nearest)
{
    size_t         i;
    zoom_buf_t     b;
    zoom_rule_t    rule;
    unsigned char  text[ZOOM_RULE_MAX];

    static const struct {
        const char    *rule;
        const char    *nearest;
        zoom_whose_e   whose;
    } rules[] = {
        { "GET:/usres/{userId}", "GET:/users/{userId}", ZOOM_OF_ACCOUNT },
        { "GET:/usres/*", "GET:/users/{userId}", ZOOM_OF_USER },
        { "meeting:read:meeting", "meeting:read:meeting:admin",
          ZOOM_OF_ACCOUNT },
        { "PUT:/users/{userId}", "GET:/users/{userId}", ZOOM_OF_ACCOUNT },
        { "GET:/nothing/of/the/kind", "", ZOOM_OF_ACCOUNT },
        { "meeting:raed:*", "meeting:read:*", ZOOM_OF_ACCOUNT },
        { "meetings:read:*", "meeting:read:*", ZOOM_OF_USER },
        { "meeting:read:meting", "meeting:read:meeting", ZOOM_OF_USER },
        { "user:read:user", "user:read:user:admin", ZOOM_OF_ACCOUNT },
        { "user:read:admin", "user:read:*", ZOOM_OF_ACCOUNT },
        { "user:read", "user:read:*", ZOOM_OF_USER },
        { "user:read:usr:admin", "user:read:user:admin",
          ZOOM_OF_ACCOUNT },
        { "qqqq:zzzzz:xxxxxxxx", "", ZOOM_OF_USER }
    };

    for (i = 0; i < N(rules); i++) {
        ck_assert_ptr_null(zoom_rule_read(&rule, zoom_str_c(rules[i].rule)));

        zoom_buf_init(&b, text, sizeof(text));
        zoom_rule_nearest(&b, &rule, rules[i].whose);

        unit_is(unit_buf(&b), rules[i].nearest);
    }
}
END_TEST


Suite *
unit_rule(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("rule");
    tc = tcase_create("rule");

    tcase_add_test(tc, reads);
    tcase_add_test(tc, refuses);
    tcase_add_test(tc, permits);
    tcase_add_test(tc, nearest);

    suite_add_tcase(s, tc);

    return s;
}
