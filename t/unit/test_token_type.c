#include "unit.h"
#include "zoom_token_type.h"


/* Names that callers and configurations rely on: none may change. */

static const struct {
    zoom_token_type_e   type;
    const char         *name;
    const char         *member;
    const char         *plain;
    int                 of_user;
    int                 of_meeting;
    int                 once;
    int                 guarded;
} rows[] = {
    { ZOOM_ZAK, "zak", "zak_token", "zak", 1, 0, 0, 0 },
    { ZOOM_ONBEHALF, "onbehalf", "onbehalf_token", "obf", 1, 1, 1, 0 },
    { ZOOM_LOCAL_RECORDING, "local_recording", "app_privilege_token", NULL,
      0, 1, 1, 1 },
    { ZOOM_LIVE_STREAMING, "live_streaming", "live_streaming_token", NULL,
      0, 1, 1, 1 },
    { ZOOM_LOCAL_ARCHIVING, "local_archiving", "local_archiving_token", NULL,
      0, 1, 1, 1 }
};


START_TEST(knows_each)
{
    const zoom_token_type_t  *type;

    ck_assert_uint_eq(N(rows), ZOOM_NTOKEN_TYPES);
    ck_assert_int_eq(rows[_i].type, _i);

    ck_assert_int_eq(zoom_token_type_find(zoom_str_c(rows[_i].name)),
                     rows[_i].type);

    type = &zoom_token_types[rows[_i].type];

    ck_assert_str_eq(type->name, rows[_i].name);
    ck_assert_str_eq(type->member, rows[_i].member);
    ck_assert_int_ne(type->title[0], '\0');
    ck_assert_ptr_nonnull(type->scopes[0]);

    if (rows[_i].plain) {
        ck_assert_str_eq(type->plain, rows[_i].plain);

    } else {
        ck_assert_ptr_null(type->plain);
    }

    ck_assert_uint_eq(type->of_user, rows[_i].of_user);
    ck_assert_uint_eq(type->of_meeting, rows[_i].of_meeting);
    ck_assert_uint_eq(type->once, rows[_i].once);

    /* all of Zoom's token calls are of this label */

    ck_assert_int_eq(type->label, ZOOM_LIGHT);

    ck_assert_int_eq(zoom_token_type_guarded(rows[_i].type),
                     rows[_i].guarded);
}
END_TEST


START_TEST(finds_no_other)
{
    size_t  i;

    static const char *const  names[] = {
        "", "z", "za", "zakk", "ZAK", "Zak", " zak", "zak ", "token",
        "zak_token", "obf", "onbehalf_token", "app_privilege_token",
        "local", "local_recording_token", "zak,onbehalf"
    };

    for (i = 0; i < N(names); i++) {
        ck_assert_msg(zoom_token_type_find(zoom_str_c(names[i]))
                      == ZOOM_NTOKEN_TYPES, "\"%s\"", names[i]);
    }

    /* a name ends where its length says so, not at a zero */

    ck_assert_int_eq(zoom_token_type_find(S("zak\0")), ZOOM_NTOKEN_TYPES);
    ck_assert_int_eq(zoom_token_type_find(S("zak\0x")), ZOOM_NTOKEN_TYPES);
    ck_assert_int_eq(zoom_token_type_find(zoom_str_c(NULL)),
                     ZOOM_NTOKEN_TYPES);
    ck_assert_int_eq(zoom_token_type_find((zoom_str_t) {
                                (const unsigned char *) "zak_token", 3 }),
                     ZOOM_ZAK);
}
END_TEST


/* As Zoom's documents and its own answers spell them. */

static const struct {
    const char  *scopes;
    unsigned     has;
} scopes[] = {
    { "", 0 },
    { " ", 0 },
    { "user:read:token", 0 },
    { "user:read:token:admin1", 0 },
    { "xuser:read:token:admin", 0 },
    { "USER:READ:ADMIN", 0 },
    { "user:read:user:admin meeting:read:admin", 0 },
    { "user:read:token:admin", 3 },
    { "user:read:admin", 3 },
    { "a:b,user:read:admin,c", 3 },
    { "  user:read:admin  ", 3 },
    { "meeting:read:local_recording_token:admin", 4 },
    { "webinar:read:local_recording_token:admin", 4 },
    { "meeting_token:read:admin:local_recording", 4 },
    { "webinar_token:read:admin:local_recording", 4 },
    { "meeting:read:live_streaming_token:admin", 8 },
    { "webinar:read:live_streaming_token:admin", 8 },
    { "meeting_token:read:admin:live_streaming", 8 },
    { "webinar_token:read:admin:live_streaming", 8 },
    { "meeting:read:local_archiving_token:admin", 16 },
    { "webinar:read:local_archiving_token:admin", 16 },
    { "meeting_token:read:admin:local_archiving", 16 },
    { "webinar_token:read:admin:local_archiving", 16 },
    { "user:read:token:admin meeting:read:local_recording_token:admin "
      "meeting_token:read:admin:live_streaming "
      "webinar_token:read:admin:local_archiving", 31 }
};


START_TEST(knows_its_scopes)
{
    ck_assert_uint_eq(zoom_token_types_lack(zoom_str_c(scopes[_i].scopes)),
                      31 & ~scopes[_i].has);

    /* what follows the end is none of it */

    ck_assert_uint_eq(zoom_token_types_lack((zoom_str_t) {
                          (const unsigned char *) "user:read:admin", 14 }), 31);
}
END_TEST


/* An answer is one JSON object: two of a name would be one too many. */

START_TEST(gives_each_its_name)
{
    size_t                    i, j;
    const zoom_token_type_t  *a, *b;

    for (i = 0; i < ZOOM_NTOKEN_TYPES; i++) {
        a = &zoom_token_types[i];

        ck_assert(a->of_user || a->of_meeting);
        ck_assert(a->plain == NULL || strcmp(a->plain, a->member) != 0);

        for (j = 0; j < i; j++) {
            b = &zoom_token_types[j];

            ck_assert_str_ne(a->name, b->name);
            ck_assert_str_ne(a->title, b->title);
            ck_assert_str_ne(a->member, b->member);
            ck_assert(a->plain == NULL || b->plain == NULL
                      || strcmp(a->plain, b->plain) != 0);
        }
    }
}
END_TEST


Suite *
unit_token_type(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("token_type");
    t = tcase_create("token_type");

    tcase_add_loop_test(t, knows_each, 0, (int) N(rows));
    tcase_add_test(t, finds_no_other);
    tcase_add_loop_test(t, knows_its_scopes, 0, (int) N(scopes));
    tcase_add_test(t, gives_each_its_name);

    suite_add_tcase(s, t);

    return s;
}
