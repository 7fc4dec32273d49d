#include "unit.h"
#include "zoom_meeting.h"


#define SAFELINK  "https://nam02.safelinks.protection.outlook.com/?url="


static const struct {
    const char  *link;
    const char  *id;         /* NULL: none */
} links[] = {
    { "123456789", "123456789" },
    { "12345678901", "12345678901" },
    { "12345678", NULL },
    { "123456789012", NULL },
    { "123 456 789", NULL },
    { "123-456-789", NULL },
    { "+123456789", NULL },
    { "", NULL },

    { "https://zoom.us/j/123456789", "123456789" },
    { "http://zoom.us/j/123456789", "123456789" },
    { "HTTPS://Zoom.US/j/123456789", "123456789" },
    { "zoom.us/j/123456789", "123456789" },
    { "us02web.zoom.us/j/12345678901?pwd=abc.1", "12345678901" },
    { "https://zoom.com/j/123456789", "123456789" },
    { "https://x.zoomgov.com/j/123456789", "123456789" },
    { "https://zoom.com.cn/j/123456789", "123456789" },
    { "https://corp.zoom-x.de/j/123456789", "123456789" },
    { "https://zoom.us:443/j/123456789", "123456789" },
    { "https://zoom.us/s/123456789", "123456789" },
    { "https://zoom.us/w/123456789?tk=abc", "123456789" },
    { "https://zoom.us/wc/join/123456789", "123456789" },
    { "https://zoom.us/wc/123456789/join?pwd=x", "123456789" },
    { "https://zoom.us/wc/123456789/start", "123456789" },
    { "https://zoom.us/wc/123456789", "123456789" },
    { "https://zoom.us/j/123456789/", "123456789" },
    { "https://zoom.us/j/123456789#success", "123456789" },
    { "https://zoom.us/j/123456789?pwd%3Dabc", "123456789" },
    { "https://zoom.us/j/123456789%3Fpwd%3Dabc", "123456789" },
    { "https://zoom.us/j/123456789&pwd=abc", "123456789" },
    { "zoommtg://zoom.us/join?confno=123456789&pwd=x", "123456789" },
    { "zoomus://zoom.us/join?action=join&confno=123456789", "123456789" },
    { "zoommtg://us02web.zoom.us/start?confno=123456789", "123456789" },

    { "https://zoom.us/j/123456789>", "123456789" },
    { "https://zoom.us/j/123456789)", "123456789" },
    { "<https://zoom.us/j/123456789>", "123456789" },
    { "(https://zoom.us/j/123456789)", "123456789" },
    { "\"https://zoom.us/j/123456789\"", "123456789" },
    { " https://zoom.us/j/123456789\r\n", "123456789" },
    { "https://zoom.us/j/123456789 (Passcode: 584706)", "123456789" },
    { "https://zoom.us/j/123456789?pwd=a (Passcode: 584706)", "123456789" },

    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3Dabc&data=05",
      "123456789" },
    { SAFELINK "https%3a%2f%2fzoom.us%2fj%2f123456789", "123456789" },
    { "https://safelinks.protection.outlook.com/?data=1&url=https%3A%2F%2F"
      "zoom.us%2Fj%2F123456789", "123456789" },
    { "https://www.google.com/url?q=https://zoom.us/j/123456789&sa=D",
      "123456789" },
    { "https://google.com/url?q=https%3A%2F%2Fzoom.us%2Fj%2F123456789",
      "123456789" },
    { "https://www.google.com/url?q=" SAFELINK
      "https%253A%252F%252Fzoom.us%252Fj%252F123456789", "123456789" },

    { "https://zoom.us.evil.example/j/123456789", NULL },
    { "https://zoom.us-evil.example/j/123456789", NULL },
    { "https://zoom.use/j/123456789", NULL },
    { "https://z\xc3\xb6om.us/j/123456789", NULL },
    { "https://zoom.com.evil/j/123456789", NULL },
    { "https://zoom.com.cn.evil/j/123456789", NULL },
    { "https://zoomgov.us/j/123456789", NULL },
    { "https://evilzoom-x.de/j/123456789", NULL },
    { "https://zoom.us#@evil.example/j/123456789", NULL },
    { "https://evil.example#zoom.us/j/123456789", NULL },
    { "https://evil.example?zoom.us/j/123456789", NULL },
    { "https://zoom.us:80:80/j/123456789", NULL },
    { "https:zoom.us/j/123456789", NULL },
    { "https:/zoom.us/j/123456789", NULL },
    { "file://zoom.us/j/123456789", NULL },
    { "zoommtgx://zoom.us/join?confno=123456789", NULL },
    { "https://notzoom.us/j/123456789", NULL },
    { "https://zoom.us@evil.example/j/123456789", NULL },
    { "https://evil.example@zoom.us/j/123456789", NULL },
    { "https://evil.example/zoom.us/j/123456789", NULL },
    { "https://evil.example/?url=https%3A%2F%2Fzoom.us%2Fj%2F123456789",
      NULL },
    { "https://evil.example\\.zoom.us/j/123456789", NULL },
    { "https://evil.example%2F.zoom.us/j/123456789", NULL },
    { "https://.zoom.us/j/123456789", NULL },
    { "https://a..zoom.us/j/123456789", NULL },
    { "https://zoom.us./j/123456789", NULL },
    { "https:///j/123456789", NULL },
    { "https://zoom.us:x/j/123456789", NULL },
    { "ftp://zoom.us/j/123456789", NULL },
    { "javascript:zoom.us/j/123456789", NULL },
    { "//zoom.us/j/123456789", NULL },
    { "/j/123456789", NULL },
    { "https://xsafelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us"
      "%2Fj%2F123456789", NULL },
    { "https://google.com/other?q=https://zoom.us/j/123456789", NULL },

    { "https://zoom.us/my/name", NULL },
    { "https://zoom.us/my/123456789", NULL },
    { "https://zoom.us/meeting/register/tJUpd-123456789", NULL },
    { "https://events.zoom.us/ev/AbC", NULL },
    { "https://zoom.us", NULL },
    { "https://zoom.us/", NULL },
    { "https://zoom.us/j/", NULL },
    { "https://zoom.us/j/12345678", NULL },
    { "https://zoom.us/j/123456789012", NULL },
    { "https://zoom.us/j/123456789x", NULL },
    { "https://zoom.us/j/123456789%20", NULL },
    { "https://zoom.us/j/123456789/x", NULL },
    { "https://zoom.us/j/123456789/join", NULL },
    { "https://zoom.us/j/123456789//", NULL },
    { "https://zoom.us/wc/123456789/x", NULL },
    { "https://zoom.us/wc/123456789/joinx", NULL },
    { "https://zoom.us/wc/join/123456789/start", NULL },
    { "https://zoom.us/J/123456789", NULL },
    { "https://zoom.us//j/123456789", NULL },
    { "https://zoom.us/j/../j/123456789", NULL },
    { "https://zoom.us/wc/123456789/join/?pwd=x", "123456789" },
    { "https://zoom.us/wc/123456789/start#x", "123456789" },
    { "https://zoom.us/j/%31%32%33%34%35%36%37%38%39", NULL },
    { "https://zoom.us/x/j/123456789", NULL },
    { "https://zoom.us?/j/123456789", NULL },
    { "https://zoom.us#/j/123456789", NULL },
    { "zoommtg://zoom.us/join?confno=", NULL },
    { "zoommtg://zoom.us/join?confno=12345678x", NULL },
    { "zoommtg://zoom.us/join?xconfno=123456789", NULL },
    { "zoommtg://zoom.us/join?confno=123456789&confno=987654321", NULL },
    { "zoommtg://zoom.us/join", NULL },

    { "https://zoom.us/j/123456789?pwd=%", NULL },
    { "https://zoom.us/j/123456789?pwd=%4", NULL },
    { "https://zoom.us/j/123456789?pwd=%zz", NULL },
    { "https://zoom.us/j/123456789%", NULL },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F123456789%25zz", NULL },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F%2531%2532345678901", NULL },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F1%32345678901", NULL },
    { SAFELINK, NULL },
    { SAFELINK "%", NULL },
    { "%", NULL }, { "%%%", NULL }, { "<", NULL }, { "((((", NULL },
    { "://", NULL }, { "https://", NULL }, { "?", NULL }
};


START_TEST(finds_id)
{
    int          rc;
    zoom_str_t   id, link;

    link = zoom_str_c(links[_i].link);
    rc = zoom_meeting_id(link, &id);

    ck_assert_msg(rc == (links[_i].id ? 0 : -1), "\"%s\": %d", links[_i].link,
                  rc);

    if (rc == 0) {
        unit_is(id, links[_i].id);
        ck_assert(id.data >= link.data
                  && id.data + id.len <= link.data + link.len);
    }
}
END_TEST


static const struct {
    const char  *link;
    const char  *passcode;
    const char  *tk;
    int          webinar;
} reads[] = {
    { "123456789", "", "", 0 },
    { "https://zoom.us/j/123456789", "", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a-B_9.1", "a-B_9.1", "", 0 },
    { "https://zoom.us/j/123456789?a=b&pwd=abc#success", "abc", "", 0 },
    { "https://zoom.us/s/123456789?password=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?password=old&pwd=new", "new", "", 0 },
    { "https://zoom.us/wc/123456789/join?pwd=abc", "abc", "", 0 },
    { "https://zoom.us/wc/join/123456789?pwd=abc", "abc", "", 0 },
    { "https://zoom.us/w/123456789?tk=a_b-c.D&pwd=x", "x", "a_b-c.D", 1 },
    { "https://zoom.us/w/123456789", "", "", 1 },
    { "https://zoom.us/j/123456789?tk=t", "", "t", 0 },
    { "zoommtg://zoom.us/join?confno=123456789&pwd=abc&tk=t", "abc", "t", 0 },
    { "zoomus://zoom.us/join?pwd=abc&confno=123456789", "abc", "", 0 },

    /* encoded once, and along with what is around it */

    { "https://zoom.us/j/123456789?pwd=a%26b%3d", "a&b=", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a+b", "a+b", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%2541", "a%41", "", 0 },
    { "https://zoom.us/j/123456789?pwd%3Dabc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd%3Dabc&sa=D", "abc", "", 0 },
    { "https://zoom.us/j/123456789%3Fpwd%3Dabc%26tk%3Dt%23x", "abc", "t", 0 },
    { "https://zoom.us/j/123456789&pwd=abc", "abc", "", 0 },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fw%2F123456789%3Fpwd%3Dabc%26tk%3Dt"
      "&data=05", "abc", "t", 1 },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3Da%2526b&pwd=x",
      "a&b", "", 0 },
    { "https://www.google.com/url?q=https://zoom.us/j/123456789?pwd=abc&sa=D",
      "abc", "", 0 },
    { "https://www.google.com/url?q=https://zoom.us/j/123456789?pwd%3Dabc"
      "&sa=D", "abc", "", 0 },

    /* what is in a value is no other's */

    { "https://zoom.us/w/123456789?tk=a_b?pwd=c", "", "a_b?pwd=c", 1 },
    { "https://zoom.us/w/123456789?tk=a%26pwd=c", "", "a&pwd=c", 1 },
    { "https://zoom.us/w/123456789?tk%3Da?pwd=c", "c", "a", 1 },

    /* in brackets, and in words */

    { "<https://zoom.us/j/123456789?pwd=abc>", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc)", "abc", "", 0 },
    { "https://zoom.us/j/123456789 (Passcode: 584706)", "584706", "", 0 },
    { "https://zoom.us/j/123456789 passcode:584706", "584706", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc (Passcode: 584706)", "abc", "",
      0 },
    { SAFELINK "zoom.us%2Fj%2F123456789 (Passcode: 584706)", "584706", "",
      0 },
    { "https://zoom.us/j/123456789 (Passcode:", "", "", 0 },
    { "https://zoom.us/j/123456789 (Passcode: )", "", "", 0 },
    { "https://zoom.us/j/123456789 (Passcode: \xc3\xa9)", "", "", 0 },

    /* who knows which one counts, and what none can be */

    { "https://zoom.us/j/123456789?pwd=a&pwd=b", "", "", 0 },
    { "https://zoom.us/w/123456789?tk=a&tk=b", "", "", 1 },
    { "https://zoom.us/j/123456789?pwd=", "", "", 0 },
    { "https://zoom.us/j/123456789?xpwd=a", "", "", 0 },
    { "https://zoom.us/j/123456789?PWD=a", "", "", 0 },
    { "https://zoom.us/j/123456789#pwd=a", "", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%0ab", "", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%00b", "", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%20b", "", "", 0 },
    { "https://zoom.us/j/123456789?tk=%c3%a9", "", "", 0 }
};


START_TEST(reads_the_rest)
{
    zoom_buf_t      b;
    zoom_str_t      link;
    zoom_meeting_t  m;
    unsigned char   data[ZOOM_MEETING_LINK_MAX];

    link = zoom_str_c(reads[_i].link);

    /* room for the link is enough */

    zoom_buf_init(&b, data, link.len);

    ck_assert_int_eq(zoom_meeting_read(&m, link, &b), 0);
    ck_assert_int_eq(b.overflow, 0);

    unit_is(m.id, "123456789");
    unit_is(m.passcode, reads[_i].passcode);
    unit_is(m.tk, reads[_i].tk);
    ck_assert_int_eq(m.webinar, reads[_i].webinar);
}
END_TEST


START_TEST(reads_no_more_than_fits)
{
    zoom_buf_t      b;
    zoom_meeting_t  m;
    unsigned char   data[4];

    zoom_buf_init(&b, data, sizeof(data));

    ck_assert_int_eq(zoom_meeting_read(&m, S("zoom.us/j/123456789?pwd=abcd"),
                                       &b), 0);
    unit_is(m.passcode, "abcd");

    ck_assert_int_eq(zoom_meeting_read(&m, S("zoom.us/j/123456789?pwd=a"),
                                       &b), -1);
    ck_assert_int_eq(zoom_meeting_read(&m, S("zoom.us/my/name"), &b), -1);
}
END_TEST


START_TEST(unwraps_so_far)
{
    int            i, wraps;
    zoom_str_t     id;
    zoom_buf_t     b;
    unsigned char  data[4096];

    for (wraps = 0; wraps < 7; wraps++) {
        zoom_buf_init(&b, data, sizeof(data));

        for (i = 0; i < wraps; i++) {
            zoom_buf_c(&b, "google.com/url?q=");
        }

        zoom_buf_c(&b, "zoom.us/j/123456789");

        ck_assert_int_eq(zoom_meeting_id(unit_buf(&b), &id),
                         wraps <= 4 ? 0 : -1);
    }
}
END_TEST


START_TEST(has_limits)
{
    zoom_str_t     id;
    zoom_buf_t     b;
    unsigned char  data[4096];

    memset(data, 'x', sizeof(data));
    zoom_buf_init(&b, data, sizeof(data));
    zoom_buf_c(&b, "https://zoom.us/j/123456789?");

    ck_assert_int_eq(zoom_meeting_id((zoom_str_t) { data, 2048 }, &id), 0);
    ck_assert_int_eq(zoom_meeting_id((zoom_str_t) { data, 2049 }, &id), -1);
    ck_assert_int_eq(zoom_meeting_id(zoom_str_c(NULL), &id), -1);
}
END_TEST


static const struct {
    const char  *link;
    const char  *masked;
} masks[] = {
    { "", "" },
    { "https://zoom.us/j/123456789", "https://zoom.us/j/123456789" },
    { "https://zoom.us/j/1?pwd=a-b_c.1", "https://zoom.us/j/1?pwd=***" },
    { "https://zoom.us/j/1?pwd=abc&uname=Bob",
      "https://zoom.us/j/1?pwd=***&uname=Bob" },
    { "https://zoom.us/j/1?uname=Bob&password=x#frag",
      "https://zoom.us/j/1?uname=Bob&password=***#frag" },
    { "https://zoom.us/w/1?tk=abc&zak=d.e.f&token=x&uuid=1",
      "https://zoom.us/w/1?tk=***&zak=***&token=***&uuid=1" },
    { "zoommtg://zoom.us/join?confno=123456789&pwd=x&zc=0",
      "zoommtg://zoom.us/join?confno=123456789&pwd=***&zc=0" },
    { "?PWD=x&Access_Token=y&obfToken=z",
      "?PWD=***&Access_Token=***&obfToken=***" },
    { "?pwd=&a=b", "?pwd=&a=b" },
    { "?pwd=a=b==&c=d", "?pwd=***&c=d" },
    { "?pwd=a/b?c&d=e", "?pwd=***&d=e" },
    { "?a=b;pwd=x;y", "?a=b;pwd=***" },
    { "?a=1&amp;pwd=x&amp;b=2", "?a=1&amp;pwd=***&amp;b=2" },
    { "#pwd=abc", "#pwd=***" },
    { "pwd=abc", "pwd=***" },

    /* an "&" that is part of the value, and one that is not */

    { "?pwd=ab%26cd&x=y", "?pwd=***&x=y" },
    { "?pwd%3Dabc%26cd&x=y", "?pwd%3D***&x=y" },
    { "?url=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fpwd%3Dabc%26uname%3Dx&data=1",
      "?url=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fpwd%3D***%26uname%3Dx&data=1" },
    { "?url=%3Fpwd%3Dab%2526cd%26x%3Dy", "?url=%3Fpwd%3D***%26x%3Dy" },
    { "?q=%253Fpwd%253Dabc%2526a%253Db%26c&d",
      "?q=%253Fpwd%253D***%2526a%253Db%26c&d" },
    { "?q=https://zoom.us/j/1?pwd=abc&sa=D",
      "?q=https://zoom.us/j/1?pwd=***&sa=D" },
    { "?%70wd=abc", "?%70wd=***" },
    { "?p%2577d=abc", "?p%2577d=***" },

    { "https://zoom.us/j/1?pwd=abc (Passcode: 584706)",
      "https://zoom.us/j/1?pwd=*** (Passcode: ***)" },
    { "Passcode : 584706 ok", "Passcode : *** ok" },
    { "passcode:\"a)b\"", "passcode:\"***" },
    { "(Passcode: a)b)", "(Passcode: ***)" },
    { "<https://zoom.us/j/1?pwd=abc>", "<https://zoom.us/j/1?pwd=***>" },
    { "(https://zoom.us/j/1?pwd=abc)", "(https://zoom.us/j/1?pwd=***)" },
    { "Passcode%3A%20584706", "Passcode%3A%20***" },
    { "Meeting Passcode: 5 x", "Meeting Passcode: *** x" },
    { "pass word=x", "pass word=x" },

    { "a\r\nb\x7f\tc", "a??b??c" },
    { "?pwd=a\nb", "?pwd=***?b" },
    { "\xc3\xa9?pwd=\xc3\xa9&x", "\xc3\xa9?pwd=***&x" },
    { "%", "%" }, { "%2", "%2" }, { "%zz=pwd%", "%zz=pwd%" },
    { "?pwd=%", "?pwd=***" }, { "?pwd=%zz&a", "?pwd=***&a" },
    { "%25%25%25", "%25%25%25" },
    { "?0123456789012345678901234567890123456789012345678901234567890123=x",
      "?0123456789012345678901234567890123456789012345678901234567890123=***"
    }
};


START_TEST(masks_links)
{
    zoom_buf_t     b;
    unsigned char  data[256];

    zoom_buf_init(&b, data, sizeof(data));
    zoom_meeting_mask(&b, zoom_str_c(masks[_i].link));
    unit_is(unit_buf(&b), masks[_i].masked);

    if (masks[_i].masked[0]) {
        zoom_buf_init(&b, data, strlen(masks[_i].masked) - 1);
        zoom_meeting_mask(&b, zoom_str_c(masks[_i].link));
        ck_assert_int_eq(b.overflow, 1);
    }
}
END_TEST


/* Whatever a link is made of, what follows "pwd=" does not come through. */

START_TEST(masks_at_random)
{
    int             i;
    size_t          k;
    uint32_t        seed;
    zoom_str_t      id;
    zoom_buf_t      link, b;
    zoom_meeting_t  m;
    unsigned char   text[512], data[1024];

    static const char *const  parts[] = {
        "https://", "zoom.us", "/j/", "123456789", "?", "&", "%3F", "%26",
        "=", "%3D", "a", "%", "%25", "<", ")", " ", "url=", "q=", "#", ":",
        "google.com/url?q=", SAFELINK, "\n", "\xff", "%3", "zz", ";"
    };

    static const char *const  keys[] = {
        "pwd=", "&tk=", "?zak=", "%3Fpwd%3D", "%2526pwd%253D", "password:"
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

        zoom_buf_init(&b, data, link.len * 2);
        zoom_meeting_mask(&b, unit_buf(&link));
        ck_assert_int_eq(b.overflow, 0);
        ck_assert_msg(!zoom_str_casefind(unit_buf(&b), "CANARY"),
                      "\"%.*s\"", (int) link.len, (char *) link.data);

        zoom_buf_init(&b, data, link.len);

        if (zoom_meeting_id(unit_buf(&link), &id) == 0) {
            unit_is(id, "123456789");
            ck_assert_int_eq(zoom_meeting_read(&m, unit_buf(&link), &b), 0);
            ck_assert_int_eq(b.overflow, 0);

        } else {
            ck_assert_int_eq(zoom_meeting_read(&m, unit_buf(&link), &b), -1);
        }
    }
}
END_TEST


Suite *
unit_meeting(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("meeting");
    t = tcase_create("meeting");

    tcase_add_loop_test(t, finds_id, 0, (int) N(links));
    tcase_add_loop_test(t, reads_the_rest, 0, (int) N(reads));
    tcase_add_test(t, reads_no_more_than_fits);
    tcase_add_test(t, unwraps_so_far);
    tcase_add_test(t, has_limits);
    tcase_add_loop_test(t, masks_links, 0, (int) N(masks));
    tcase_add_loop_test(t, masks_at_random, 0, 3);

    suite_add_tcase(s, t);

    return s;
}
