#include "unit.h"
#include "zoom_audit.h"


static const char *
tell(zoom_method_e method, const char *raw)
{
    zoom_buf_t              b;
    const zoom_endpoint_t  *endpoint;

    static zoom_path_t    path;
    static unsigned char  data[zoom_audit_endpoint_size(ZOOM_PATH_MAX) + 1];

    ck_assert_ptr_null(zoom_path_read(&path, zoom_str_c(raw)));

    endpoint = zoom_endpoint_find(method, &path);
    ck_assert_msg(endpoint != NULL, "%s", raw);

    zoom_buf_init(&b, data, sizeof(data) - 1);
    zoom_audit_endpoint(&b, endpoint, &path);
    ck_assert_int_eq(b.overflow, 0);

    data[b.len] = '\0';

    return (const char *) data;
}


START_TEST(endpoints)
{
    size_t  i;

    static const struct {
        zoom_method_e   method;
        const char     *raw;
        const char     *told;
    } table[] = {
        { ZOOM_GET, "/users", "GET /users" },
        { ZOOM_GET, "/users/bots@example.com",
          "GET /users/{userId} (userId=bots@example.com)" },
        { ZOOM_DELETE, "/meetings/123/registrants/a%20b",
          "DELETE /meetings/{meetingId}/registrants/{registrantId} "
          "(meetingId=123, registrantId=a%20b)" },
        { ZOOM_GET, "/meetings/%252FajXp112QmuoKj4854875%253D%253D",
          "GET /meetings/{meetingId} (meetingId=%2FajXp112QmuoKj4854875==)" },
        { ZOOM_GET, "/users/%22,%7D()'%26%c3%a9",
          "GET /users/{userId} (userId=%22%2C%7D%28%29%27%26%C3%A9)" },
        { ZOOM_GET, "/whiteboards/sessions/activity/download/secret",
          "GET /whiteboards/sessions/activity/download/{path} (path=***)" },
        { ZOOM_GET, "/commerce/accounts/1",
          "GET /commerce/accounts/{accountKey} (accountKey=***)" }
    };

    for (i = 0; i < N(table); i++) {
        ck_assert_str_eq(tell(table[i].method, table[i].raw), table[i].told);
    }
}
END_TEST


/* No row is too long, and a parameter is all that begins with a brace. */

START_TEST(every_row)
{
    char         raw[ZOOM_ENDPOINT_MAX];
    size_t       i, k, n, braces;
    const char  *p, *told;
    zoom_str_t   name, value;
    zoom_path_t  path;

    for (i = 0; i < zoom_nendpoints; i++) {
        n = 0;
        braces = 0;

        for (p = zoom_endpoints[i].path; *p; p++) {
            if (*p == '{') {
                p += strcspn(p, "}");
                raw[n++] = (char) ('1' + braces++);

            } else {
                raw[n++] = *p;
            }
        }

        raw[n] = '\0';

        told = tell(zoom_endpoints[i].method, raw);
        ck_assert_msg((strchr(told, '(') != NULL) == (braces != 0), "%s", told);
        ck_assert_ptr_null(zoom_path_read(&path, zoom_str_c(raw)));

        k = 0;

        for (n = 0; n < braces; n++) {
            ck_assert_int_eq(zoom_endpoint_parameter(&zoom_endpoints[i], &path,
                                                     &k, &name, &value), 1);
            ck_assert_uint_gt(name.len, 0);
            ck_assert_uint_eq(value.len, 1);
            ck_assert_int_eq(value.data[0], (int) ('1' + n));
        }

        ck_assert_int_eq(zoom_endpoint_parameter(&zoom_endpoints[i], &path, &k,
                                                 &name, &value), 0);
    }
}
END_TEST


START_TEST(texts)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  c, data[8];

    for (i = 0; i < 256; i++) {
        c = (unsigned char) i;

        zoom_buf_init(&b, data, zoom_audit_text_size(1));
        zoom_audit_text(&b, (zoom_str_t) { &c, 1 });
        ck_assert_int_eq(b.overflow, 0);

        if (c && strchr("-._~@+:=0123456789abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ", c))
        {
            ck_assert_uint_eq(b.len, 1);
            ck_assert_int_eq(data[0], c);

        } else {
            ck_assert_uint_eq(b.len, 3);
            ck_assert_int_eq(data[0], '%');
        }
    }
}
END_TEST


Suite *
unit_audit(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("audit");
    tc = tcase_create("audit");

    tcase_add_test(tc, endpoints);
    tcase_add_test(tc, every_row);
    tcase_add_test(tc, texts);

    suite_add_tcase(s, tc);

    return s;
}
