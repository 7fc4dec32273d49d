#include "unit.h"
#include "zoom_graphql.h"


START_TEST(reads)
{
    size_t          i;
    const char     *why;
    zoom_graphql_t  g;

    static const struct {
        const char  *body;
        int          writes;
        size_t       fields;
    } cases[] = {
        { "{\"query\":\"{ users { id } }\"}", 0, 1 },
        { "{\"query\":\"{ a: users { id } b: users { id } }\"}", 0, 2 },
        { "{\"query\":\"query Q($a: Int = 1, $b: [In!]) { u(n: $a) }\"}", 0,
          1 },
        { "{\"query\":\"query { u(a: {b: [1, -2]}) @skip(if: true) v }\"}", 0,
          2 },
        { "{\"query\":\"mutation { deleteUser(id: \\\"}\\\") { id } }\"}", 1,
          1 },
        { "{\"query\":\"subscription { events }\"}", 1, 1 },
        { "{\"query\":\"{ users } mutation M { x }\",\"operationName\":null}",
          1, 2 },
        { "{\"query\":\"# mutation { x }\\n{ users }\"}", 0, 1 },
        { "{\"query\":\"{ a(t: \\\"\\\"\\\"mutation \\\\\\\"\\\"\\\" {"
          "\\\"\\\"\\\") }\"}", 0, 1 },
        { "{\"query\":\"fragment f on U { id } query { u { ...f } }\"}", 0, 1 },
        { "{\"variables\":{},\"query\":\"{a}\"}", 0, 1 }
    };

    for (i = 0; i < N(cases); i++) {
        why = zoom_graphql_read(&g, zoom_str_c(cases[i].body));

        ck_assert_msg(why == NULL, "%s: %s", cases[i].body, why);
        ck_assert_msg(g.writes == cases[i].writes, "%s", cases[i].body);
        ck_assert_msg(g.fields == cases[i].fields, "%s: %zu", cases[i].body,
                      g.fields);
    }
}
END_TEST


/* What may be read in two ways is read in none. */

START_TEST(refuses)
{
    size_t          i;
    zoom_graphql_t  g;

    static const char *const  bodies[] = {
        "", "[]", "{}", "null", "{\"query\":1}", "{\"query\":\"\"}",
        "[{\"query\":\"{a}\"}]",
        "{\"query\":\"{a}\",\"query\":\"mutation{a}\"}",
        "{\"query\":\"{\"}", "{\"query\":\"}\"}", "{\"query\":\"{a}}\"}",
        "{\"query\":\"{a)\"}", "{\"query\":\"(a)\"}", "{\"query\":\"a\"}",
        "{\"query\":\"query\"}", "{\"query\":\"query Q\"}",
        "{\"query\":\"{a(b: \\\"c)}\"}", "{\"query\":\"{a(b: \\\"c\\n\\\")}\"}",
        "{\"query\":\"{a(b: \\\"\\\"\\\"c)}\"}", "{\"query\":\"{a} ; {b}\"}",
        "{\"query\":\"\\ufeff{a}\"}", "{\"query\":\"type A { b: C }\"}",
        "{\"query\":\"fragment f on U { id }\"}", "{\"query\":\": {a}\"}"
    };

    for (i = 0; i < N(bodies); i++) {
        ck_assert_msg(zoom_graphql_read(&g, zoom_str_c(bodies[i])) != NULL,
                      "%s", bodies[i]);
    }
}
END_TEST


START_TEST(depth)
{
    int             i, n;
    char            text[1024];
    zoom_buf_t      b;
    zoom_graphql_t  g;

    for (n = 60; n <= 70; n += 10) {
        zoom_buf_init(&b, text, sizeof(text));
        zoom_buf_c(&b, "{\"query\":\"");

        for (i = 0; i < n; i++) {
            zoom_buf_c(&b, "{a");
        }

        for (i = 0; i < n; i++) {
            zoom_buf_c(&b, "}");
        }

        zoom_buf_c(&b, "\"}");

        ck_assert((zoom_graphql_read(&g, unit_buf(&b)) == NULL) == (n == 60));
    }
}
END_TEST


Suite *
unit_graphql(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("graphql");
    tc = tcase_create("graphql");

    tcase_add_test(tc, reads);
    tcase_add_test(tc, refuses);
    tcase_add_test(tc, depth);

    suite_add_tcase(s, tc);

    return s;
}
