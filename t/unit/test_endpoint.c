#include "unit.h"
#include "zoom_endpoint.h"


#define ENDPOINTS  "src/endpoints.tsv"
#define COLUMNS    6


static zoom_path_t  path;


static const zoom_endpoint_t *
find(zoom_method_e method, const char *raw)
{
    ck_assert_ptr_null(zoom_path_read(&path, zoom_str_c(raw)));

    return zoom_endpoint_find(method, &path);
}


/* "/users/{userId}/token" as "/users/X-7/token" */

static void
fill(char *out, size_t size, const char *template)
{
    char  *end;

    end = out + size - 4;

    while (*template && out < end) {

        if (*template != '{') {
            *out++ = *template++;
            continue;
        }

        memcpy(out, "X-7", 3);
        out += 3;

        template += strcspn(template, "}") + 1;
    }

    *out = '\0';
}


static size_t
columns(char *line, char **column)
{
    size_t  n;

    n = 0;
    line[strcspn(line, "\n")] = '\0';

    while (n < COLUMNS) {
        column[n++] = line;
        line = strchr(line, '\t');

        if (line == NULL) {
            break;
        }

        *line++ = '\0';
    }

    return n;
}


static const char *
stated(const char *value)
{
    return (strcmp(value, "-") == 0) ? "" : value;
}


static size_t
scopes_of(const char *list, zoom_str_t *scopes)
{
    size_t  n;

    for (n = 0; *list && n < 8; n++) {
        scopes[n].data = (const unsigned char *) list;
        scopes[n].len = strcspn(list, ",");

        list += scopes[n].len;
        list += (*list == ',');
    }

    ck_assert_str_eq(list, "");

    return n;
}


/* "scopes" are those of the list, of which masters' are the last. */

static void
same_scopes(const char *scopes, const char *list)
{
    size_t      i, k, n;
    zoom_str_t  ours[8], theirs[8];

    n = scopes_of(scopes, ours);

    ck_assert_uint_eq(n, scopes_of(list, theirs));

    for (i = 0; i < n; i++) {
        for (k = 0; k < n && !zoom_str_eq(ours[k], theirs[i]); k++) {
            /* void */
        }

        ck_assert_msg(k < n, "%s", list);
    }

    ck_assert_msg(strstr(scopes, ":master,") == NULL
                  || strstr(strstr(scopes, ":master,"), ":admin") == NULL,
                  "%s", scopes);
}


START_TEST(every_row)
{
    FILE                   *f;
    char                    line[4096], raw[1024], *column[COLUMNS];
    size_t                  i, rows;
    zoom_buf_t              b;
    zoom_method_e           method;
    unsigned char           name[ZOOM_ENDPOINT_MAX], *seen;
    const zoom_endpoint_t  *e;

    static const char *const  labels[] = {
        "light", "medium", "heavy", "resource"
    };

    f = fopen(ENDPOINTS, "r");
    ck_assert_ptr_nonnull(f);

    seen = calloc(zoom_nendpoints, 1);
    ck_assert_ptr_nonnull(seen);

    rows = 0;

    while (fgets(line, sizeof(line), f)) {

        if (line[0] == '#') {
            continue;
        }

        ck_assert_uint_eq(columns(line, column), COLUMNS);

        method = zoom_method(zoom_str_c(column[1]));
        ck_assert_int_ne(method, ZOOM_NMETHODS);

        fill(raw, sizeof(raw), column[2]);
        e = find(method, raw);

        ck_assert_msg(e != NULL, "%s %s", column[1], raw);
        ck_assert_str_eq(e->path, column[2]);
        ck_assert_int_eq(e->method, method);
        same_scopes(e->scopes, stated(column[4]));
        ck_assert_str_eq(e->classic, stated(column[5]));
        ck_assert_str_eq(labels[e->label],
                         column[3][0] == '-' ? "heavy" : column[3]);
        ck_assert_int_eq(zoom_endpoint_fits(e, &path), 1);

        zoom_buf_init(&b, name, sizeof(name));
        zoom_endpoint_name(&b, e);
        ck_assert_int_eq(b.overflow, 0);

        i = (size_t) (e - zoom_endpoints);
        ck_assert_int_eq(seen[i]++, 0);
        rows++;
    }

    fclose(f);
    free(seen);

    ck_assert_uint_eq(rows, 1719);
    ck_assert_uint_eq(rows, zoom_nendpoints);
}
END_TEST


/* what agents ask for most */

static const struct {
    const char    *method;
    const char    *raw;
    const char    *path;
    zoom_label_e   label;
    const char    *scope;       /* for an app of the account */
    const char    *own;         /* for a user's grant */
} asked[] = {
    { "GET", "/users", "/users", ZOOM_MEDIUM,
      "user:read:list_users:admin", "user:read:list_users:admin" },
    { "GET", "/users/a%40b.example", "/users/{userId}", ZOOM_LIGHT,
      "user:read:user:admin", "user:read:user" },
    { "POST", "/users", "/users", ZOOM_LIGHT,
      "user:write:user:admin", "user:write:user:admin" },
    { "PATCH", "/users/u", "/users/{userId}", ZOOM_LIGHT,
      "user:update:user:admin", "user:update:user" },
    { "DELETE", "/users/u", "/users/{userId}", ZOOM_LIGHT,
      "user:delete:user:admin", "user:delete:user" },
    { "PUT", "/users/u/status", "/users/{userId}/status", ZOOM_LIGHT,
      "user:update:status:admin", "user:update:status" },
    { "GET", "/users/u/token", "/users/{userId}/token", ZOOM_LIGHT,
      "user:read:token:admin", "user:read:token" },
    { "GET", "/users/u/settings", "/users/{userId}/settings",
      ZOOM_MEDIUM, "user:read:settings:admin", "user:read:settings" },
    { "GET", "/users/me/zak", "/users/me/zak", ZOOM_LIGHT,
      "user:read:zak:admin", "user:read:zak" },
    { "GET", "/users/u/meetings", "/users/{userId}/meetings",
      ZOOM_MEDIUM, "meeting:read:list_meetings:admin",
      "meeting:read:list_meetings" },
    { "POST", "/users/u/meetings", "/users/{userId}/meetings",
      ZOOM_LIGHT, "meeting:write:meeting:admin",
      "meeting:write:meeting" },
    { "GET", "/meetings/85746065432", "/meetings/{meetingId}",
      ZOOM_LIGHT, "meeting:read:meeting:admin", "meeting:read:meeting" },
    { "PATCH", "/meetings/85746065432", "/meetings/{meetingId}",
      ZOOM_LIGHT, "meeting:update:meeting:admin",
      "meeting:update:meeting" },
    { "DELETE", "/meetings/85746065432", "/meetings/{meetingId}",
      ZOOM_LIGHT, "meeting:delete:meeting:admin",
      "meeting:delete:meeting" },
    { "PUT", "/meetings/1/status", "/meetings/{meetingId}/status",
      ZOOM_LIGHT, "meeting:update:status:admin",
      "meeting:update:status" },
    { "GET", "/meetings/1/invitation", "/meetings/{meetingId}/invitation",
      ZOOM_LIGHT, "meeting:read:invitation:admin",
      "meeting:read:invitation" },
    { "POST", "/meetings/1/registrants",
      "/meetings/{meetingId}/registrants", ZOOM_LIGHT,
      "meeting:write:registrant:admin", "meeting:write:registrant" },
    { "GET", "/meetings/1/registrants",
      "/meetings/{meetingId}/registrants", ZOOM_MEDIUM,
      "meeting:read:list_registrants:admin",
      "meeting:read:list_registrants" },
    { "GET", "/meetings/%252Fabcdefghijklmnopqrst%253D%253D/recordings",
      "/meetings/{meetingId}/recordings", ZOOM_LIGHT,
      "cloud_recording:read:list_recording_files:admin",
      "cloud_recording:read:list_recording_files" },
    { "GET", "/users/u/recordings", "/users/{userId}/recordings",
      ZOOM_MEDIUM, "cloud_recording:read:list_user_recordings:admin",
      "cloud_recording:read:list_user_recordings" },
    { "GET", "/meetings/1/meeting_summary",
      "/meetings/{meetingId}/meeting_summary", ZOOM_LIGHT,
      "meeting:read:summary:admin", "meeting:read:summary" },
    { "GET", "/past_meetings/1/participants",
      "/past_meetings/{meetingId}/participants", ZOOM_MEDIUM,
      "meeting:read:list_past_participants:admin",
      "meeting:read:list_past_participants" },
    { "GET", "/report/meetings/1/participants",
      "/report/meetings/{meetingId}/participants", ZOOM_HEAVY,
      "report:read:list_meeting_participants:admin",
      "report:read:list_meeting_participants:admin" },
    { "GET", "/meetings/1/jointoken/local_recording",
      "/meetings/{meetingId}/jointoken/local_recording", ZOOM_LIGHT,
      "meeting:read:local_recording_token:admin",
      "meeting:read:local_recording_token" },
    { "GET", "/metrics/meetings", "/metrics/meetings", ZOOM_RESOURCE,
      "dashboard:read:list_meetings:admin",
      "dashboard:read:list_meetings:admin" }
};


START_TEST(by_name)
{
    size_t                  i, at;
    zoom_method_e           method;
    const zoom_endpoint_t  *e;

    ck_assert_uint_eq(N(asked), 25);

    for (i = 0; i < N(asked); i++) {
        method = zoom_method(zoom_str_c(asked[i].method));
        e = find(method, asked[i].raw);

        ck_assert_msg(e != NULL, "%s %s", asked[i].method, asked[i].raw);
        ck_assert_str_eq(e->path, asked[i].path);
        ck_assert_msg(e->label == asked[i].label, "%s", asked[i].raw);

        at = 0;
        unit_is(zoom_endpoint_scope(e, ZOOM_OF_ACCOUNT, &at), asked[i].scope);

        at = 0;
        unit_is(zoom_endpoint_scope(e, ZOOM_OF_USER, &at), asked[i].own);
    }
}
END_TEST


START_TEST(unknown)
{
    size_t  i;

    static const char *const  paths[] = {
        "/nothing", "/users/u/nothing", "/Users", "/users/u/token/more",
        "/userz", "/user", "/u", "/zzzz"
    };

    for (i = 0; i < N(paths); i++) {
        ck_assert_msg(find(ZOOM_GET, paths[i]) == NULL, "%s", paths[i]);
    }

    ck_assert_ptr_null(find(ZOOM_DELETE, "/users"));

    ck_assert_int_eq(zoom_method(S("HEAD")), ZOOM_NMETHODS);
    ck_assert_int_eq(zoom_method(S("get")), ZOOM_NMETHODS);
    ck_assert_int_eq(zoom_method(S("")), ZOOM_NMETHODS);

    ck_assert_int_eq(zoom_method_writes(ZOOM_GET), 0);
    ck_assert_int_eq(zoom_method_writes(ZOOM_POST), 1);
    ck_assert_str_eq(zoom_method_name(ZOOM_PATCH), "PATCH");
}
END_TEST


/* a name is taken before a parameter, unless that leads nowhere */

START_TEST(names_first)
{
    ck_assert_str_eq(find(ZOOM_GET, "/users/email")->path, "/users/email");
    ck_assert_str_eq(find(ZOOM_GET, "/users/email/token")->path,
                     "/users/{userId}/token");
    ck_assert_str_eq(find(ZOOM_GET, "/users/me/zak")->path, "/users/me/zak");
    ck_assert_str_eq(find(ZOOM_GET, "/users/me/token")->path,
                     "/users/{userId}/token");

    /* of the others of that name there is no PATCH */

    ck_assert_str_eq(find(ZOOM_PATCH, "/users/email")->path,
                     "/users/{userId}");
}
END_TEST


START_TEST(uuids)
{
    size_t                  i;
    const zoom_endpoint_t  *e;

    static const struct {
        const char  *raw;
        int          fits;
    } paths[] = {
        { "/meetings/%2Fabcdefghijklmnopqrst%3D%3D", 1 },
        { "/past_meetings/abcdefghij%2Fklmnopqrst==/participants", 1 },
        { "/meetings/abcdefghij%252Fklmnopqrst%253D%253D", 1 },
        { "/users/abcdefghij%2Fklmnopqrst==", 0 },
        { "/users/abcdefghijklmnopqrst%253D%253D", 0 },
        { "/users/abcdefghijklmnopqrst==", 1 },
        { "/nothing/abcdefghij%2Fklmnopqrst==", 0 },
        { "/nothing/abc", 1 }
    };

    for (i = 0; i < N(paths); i++) {
        e = find(ZOOM_GET, paths[i].raw);
        ck_assert_msg(zoom_endpoint_fits(e, &path) == paths[i].fits, "%s",
                      paths[i].raw);
    }
}
END_TEST


START_TEST(scopes)
{
    size_t                  i, at, daily;
    zoom_str_t              name;
    const zoom_endpoint_t  *e;

    e = find(ZOOM_GET, "/meetings/1/recordings/analytics_summary");
    at = 0;

    unit_is(zoom_endpoint_scope(e, ZOOM_OF_ACCOUNT, &at),
            "cloud_recording:read:recording_analytics_summary:admin");
    unit_is(zoom_endpoint_scope(e, ZOOM_OF_ACCOUNT, &at),
            "cloud_recording:read:recording_analytics_summary:master");
    unit_is(zoom_endpoint_scope(e, ZOOM_OF_ACCOUNT, &at), "");

    /* none is stated */

    e = find(ZOOM_POST, "/clips/files");
    at = 0;
    unit_is(zoom_endpoint_scope(e, ZOOM_OF_USER, &at), "");

    ck_assert_int_eq(zoom_scope_is_of_account(S(":admin")), 0);
    ck_assert_int_eq(zoom_scope_is_of_account(S("a:admin")), 1);
    ck_assert_int_eq(zoom_scope_is_of_account(S("a:master")), 1);
    ck_assert_int_eq(zoom_scope_is_of_account(S("a:admins")), 0);

    daily = 0;

    for (i = 0; i < zoom_nendpoints; i++) {
        daily += zoom_endpoints[i].daily;

        at = 0;
        name = zoom_endpoint_scope(&zoom_endpoints[i], ZOOM_OF_USER, &at);
        ck_assert_uint_lt(name.len, ZOOM_SCOPE_MAX);
    }

    ck_assert_uint_eq(daily, 6);
    ck_assert_int_eq(find(ZOOM_POST, "/users/u/webinars")->daily, 1);
    ck_assert_int_eq(find(ZOOM_GET, "/users/u/webinars")->daily, 0);
}
END_TEST


Suite *
unit_endpoint(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("endpoint");
    tc = tcase_create("endpoint");

    tcase_add_test(tc, every_row);
    tcase_add_test(tc, by_name);
    tcase_add_test(tc, unknown);
    tcase_add_test(tc, names_first);
    tcase_add_test(tc, uuids);
    tcase_add_test(tc, scopes);

    suite_add_tcase(s, tc);

    return s;
}
