#include "unit.h"
#include "zoom_meeting.h"


#define SAFELINK  "https://nam02.safelinks.protection.outlook.com/?url="


static const struct {
    const char  *link;
    const char  *masked;
} masks[] = {
    { "", "" },
    { "123456789", "123456789" },
    { " 861 2580 0160", "86125800160" },
    { "https://zoom.us/j/123456789", "https://zoom.us/j/123456789" },
    { "HTTPS://us02web.ZOOM.us:443/j/123456789/?#",
      "https://us02web.ZOOM.us/j/123456789" },
    { "//zoom.us./j/123456789", "//zoom.us/j/123456789" },
    { "zoom.us/j/123456789", "zoom.us/j/123456789" },
    { "https://zoom.us/j/123456789?pwd=a-b_c.1",
      "https://zoom.us/j/123456789?pwd=***" },
    { "https://zoom.us/j/123456789?Pwd=abc&uname=Bob",
      "https://zoom.us/j/123456789?pwd=***&***" },
    { "https://zoom.us/j/123456789?uname=Bob&password=x#frag",
      "https://zoom.us/j/123456789?password=***&***" },
    { "https://zoom.us/j/123456789?uname=Bob",
      "https://zoom.us/j/123456789?***" },
    { "https://zoom.us/j/123456789#pwd=abc",
      "https://zoom.us/j/123456789?***" },
    { "https://zoom.us/w/123456789?zak=d.e.f&pwd=x&pwd=y&tk=abc",
      "https://zoom.us/w/123456789?tk=***&pwd=***&***" },
    { "https://zoom.us/j/123456789%3Fpwd%3Dabc",
      "https://zoom.us/j/123456789?***" },
    { "https://zoom.us/j/123456789&pwd=abc",
      "https://zoom.us/j/123456789?***" },
    { "https://zoom.us/wc/123456789/join?pwd=abc",
      "https://zoom.us/wc/123456789/join?pwd=***" },
    { "https://zoom.us/launch/jc/123456789",
      "https://zoom.us/launch/jc/123456789" },
    { "zoommtg://zoom.us/join?action=join&confno=123456789&pwd=x&zc=0",
      "zoommtg://zoom.us/join?confno=123456789&pwd=***&***" },
    { "zoomus://zoom.us/start?confno=123456789",
      "zoomus://zoom.us/start?confno=123456789" },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3Dabc&data=05",
      "https://zoom.us/j/123456789?pwd=***" },

    { "https://zoom.us/j/123456789?pwd=abc (Passcode: 584706)",
      "https://zoom.us/j/123456789?pwd=*** ***" },
    { "https://zoom.us/j/123456789 \xe5\xaf\x86",
      "https://zoom.us/j/123456789 ***" },
    { "<https://zoom.us/j/123456789?pwd=abc>\xc2\xa0.",
      "https://zoom.us/j/123456789?pwd=***" },

    /* no meeting: where it is, and the words that are in everybody's link */

    { "https://zoom.us", "https://zoom.us" },
    { "https://zoom.us/", "https://zoom.us" },
    { "https://zoom.us/j/1?pwd=abc", "https://zoom.us/j/***?***" },
    { "https://zoom.us/my/bob.1?pwd=abc", "https://zoom.us/my/***?***" },
    { "zoom.us/meeting/register/tJUpd-1", "zoom.us/meeting/register/***" },
    { "https://zoom.us/rec/share/", "https://zoom.us/rec/share" },
    { "https://zoom.us/j/123456789?pwd=%", "https://zoom.us/j/***?***" },
    { "https://teams.microsoft.com/l/meetup-join/19%3a?pwd=x",
      "https://teams.microsoft.com/***?***" },
    { "https://teams.microsoft.com/?pwd=x", "https://teams.microsoft.com?***" },
    { SAFELINK "https%3A%2F%2Fevil.example%2Fx",
      "https://nam02.safelinks.protection.outlook.com?***" },
    { "https://zoom.us-3Fpwd-3Dabc/", "https://***" },
    { "https://-secret.example", "https://***" },
    { "https://secret", "***" },
    { "secret.example", "***" },
    { "user:secret@zoom.us/j/123456789", "***" },
    { "https://user:secret@zoom.us/j/123456789", "***" },
    { "Passcode 584706", "***" },
    { "12345678", "***" },
    { "?pwd=abc", "***" },
    { "ftp://zoom.us/j/123456789", "***" },
    { "a\r\nb\x7f\tc", "***" },
    { "%", "***" },
    { "<", "***" }
};


START_TEST(masks_links)
{
    zoom_buf_t     b;
    unsigned char  data[256];

    zoom_buf_init(&b, data, zoom_meeting_mask_size(strlen(masks[_i].link)));
    zoom_meeting_mask(&b, zoom_str_c(masks[_i].link));
    unit_is(unit_buf(&b), masks[_i].masked);

    if (masks[_i].masked[0]) {
        zoom_buf_init(&b, data, strlen(masks[_i].masked) - 1);
        zoom_meeting_mask(&b, zoom_str_c(masks[_i].link));
        ck_assert_int_eq(b.overflow, 1);
    }
}
END_TEST


/* Every shape with every way of saying a secret. */

static const char *const  shapes[] = {
    "https://zoom.us/j/123456789", "https://zoom.us/j/123456789/join",
    "https://zoom.us/s/123456789", "https://zoom.us/w/123456789",
    "https://zoom.us/wc/join/123456789", "https://zoom.us/wc/123456789/join",
    "https://zoom.us/wc/123456789/start", "https://zoom.us/wc/123456789",
    "https://zoom.us/launch/jc/123456789", "https://zoom.us/meeting/123456789",
    "zoommtg://zoom.us/join?confno=123456789",
    "zoomus://zoom.us/start?confno=123456789",
    "//zoom.us/j/123456789", "zoom.us./j/123456789", "123456789",
    "861 2580 0160", "https://zoom.us/my/", "https://zoom.us/meeting/register/",
    "https://events.zoom.us/ev/", "https://teams.microsoft.com/l/", "",
    "https://www.google.com/url?q=https://zoom.us/j/123456789",
    "https://www.google.com/url?q=https://evil.example/j/123456789",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__zoom.us_j_123456789",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.example_",
    "https://urldefense.com/v3/__https://zoom.us/j/123456789",
    SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F123456789"
};


START_TEST(masks_secrets)
{
    size_t         i, k;
    zoom_buf_t     link, b;
    unsigned char  text[512], data[576];

    static const char *const  secrets[] = {
        "?pwd=", "&pwd=", "?tk=", "?zak=", "?wpk=", "?epk=", "?uss=",
        "?confid=", "?amp;pwd=", "&amp;pwd=", "#pwd=", "#", "?", "&", "/",
        "%3Fpwd%3D", "%3fpwd%3d", "%253Fpwd%253D", "-3Fpwd-3D", "-26tk-3D",
        "?pwd*3D", "*3Fpwd*3D", "?q=", " Passcode ", " Passcode: ",
        " (Password: ", " PW=", " Kenncode: ", " Code secret : ",
        " C\xc3\xb3" "digo de acceso: ",
        " \xe5\xaf\x86\xe7\xa0\x81\xef\xbc\x9a",
        " \xe3\x83\x91\xe3\x82\xb9\xe3\x82\xb3\xe3\x83\xbc\xe3\x83\x89: ",
        "\xc2\xa0", "\xe2\x80\x8b", ",", ";", ".", "|", "</a>", "](", "\t",
        "%", "%zz", "%00", "@", ":", "\\", "=", "'", "-", "_", "x", "\xff"
    };

    static const char *const  ends[] = {
        "", "__;JQ!!AbC!x$", "&data=05", ")", ">", "%", ".example"
    };

    for (i = 0; i < N(secrets) * N(ends); i++) {
        zoom_buf_init(&link, text, sizeof(text));
        zoom_buf_c(&link, shapes[_i]);
        zoom_buf_c(&link, secrets[i % N(secrets)]);
        zoom_buf_c(&link, "CANARY");
        zoom_buf_c(&link, ends[i / N(secrets)]);

        zoom_buf_init(&b, data, zoom_meeting_mask_size(link.len));
        zoom_meeting_mask(&b, unit_buf(&link));

        ck_assert_int_eq(b.overflow, 0);
        ck_assert_msg(!zoom_str_casefind(unit_buf(&b), "CANARY"),
                      "\"%.*s\"", (int) link.len, (char *) link.data);

        for (k = 0; k < b.len; k++) {
            ck_assert(b.data[k] >= 0x20 && b.data[k] < 0x7f);
        }
    }
}
END_TEST


/* Whatever a link is made of, what follows "pwd=" does not come through. */

START_TEST(masks_at_random)
{
    int             i;
    size_t          k;
    uint32_t        seed;
    zoom_buf_t      link, b, id;
    zoom_meeting_t  m;
    unsigned char   text[512], data[1024], digits[ZOOM_MEETING_ID_MAX];

    static const char *const  parts[] = {
        "https://", "zoom.us", "/j/", "123456789", "?", "&", "%3F", "%26",
        "=", "%3D", "a", "%", "%25", "<", ")", " ", "url=", "q=", "#", ":",
        "google.com/url?q=", SAFELINK, "\n", "\xff", "%3", "zz", ";",
        "urldefense.com/v3/__", "__;JQ!", "*", "**A", "&amp;", "&lt;",
        "urldefense.com/v2/url?u=", "-3A__", "_", "\xc2\xa0", "|"
    };

    static const char *const  keys[] = {
        "pwd=", "&tk=", "?zak=", "%3Fpwd%3D", "%2526pwd%253D", "password:",
        "-3Fpwd-3D", "?pwd*3D", " Passcode ", "&wpk="
    };

    seed = 2048 + (uint32_t) _i;

    for (i = 0; i < 20000; i++) {
        zoom_buf_init(&link, text, sizeof(text));

        for (k = unit_random(&seed, 8); k; k--) {
            zoom_buf_c(&link, parts[unit_random(&seed, N(parts))]);
        }

        zoom_buf_c(&link, keys[unit_random(&seed, N(keys))]);
        zoom_buf_c(&link, "CANARY");

        for (k = unit_random(&seed, 8); k; k--) {
            zoom_buf_c(&link, parts[unit_random(&seed, N(parts))]);
        }

        ck_assert_int_eq(link.overflow, 0);

        zoom_buf_init(&b, data, zoom_meeting_mask_size(link.len));
        zoom_meeting_mask(&b, unit_buf(&link));
        ck_assert_int_eq(b.overflow, 0);
        ck_assert_msg(!zoom_str_casefind(unit_buf(&b), "CANARY"),
                      "\"%.*s\"", (int) link.len, (char *) link.data);

        zoom_buf_init(&b, data, link.len);
        zoom_buf_init(&id, digits, sizeof(digits));

        if (zoom_meeting_id(unit_buf(&link), &id) == 0) {
            unit_is(unit_buf(&id), "123456789");
            ck_assert_int_eq(zoom_meeting_read(&m, unit_buf(&link), &b), 0);
            ck_assert_int_eq(b.overflow, 0);

        } else {
            ck_assert_int_eq(zoom_meeting_read(&m, unit_buf(&link), &b), -1);
        }
    }
}
END_TEST


Suite *
unit_meeting_mask(void)
{
    Suite  *s;
    TCase  *t;

    s = suite_create("meeting_mask");
    t = tcase_create("meeting_mask");

    tcase_add_loop_test(t, masks_links, 0, (int) N(masks));
    tcase_add_loop_test(t, masks_secrets, 0, (int) N(shapes));
    tcase_add_loop_test(t, masks_at_random, 0, 3);

    suite_add_tcase(s, t);

    return s;
}
