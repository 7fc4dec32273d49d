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
    { "123 456 789", "123456789" },
    { "123 456 7890", "1234567890" },
    { "861 2580 0160", "86125800160" },
    { "861\xc2\xa0" "2580\xc2\xa0 0160", "86125800160" },
    { "\xef\xbb\xbf 861 2580 0160\xe2\x80\x8b\r\n", "86125800160" },
    { "123456789 ", "123456789" },
    { "861 258 00160", NULL },
    { "8612 580 0160", NULL },
    { "12345 6789", NULL },
    { "123 456 78", NULL },
    { "123 456 789 012", NULL },
    { "861 2580 01601", NULL },
    { "123 456 78x", NULL },
    { "123-456-789", NULL },
    { "\xc2\xa0", NULL },
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
    { "https://zoom.us/j/123456789/join", "123456789" },
    { "https://zoom.us/j/123456789/join/?pwd=x", "123456789" },
    { "https://us06web.zoom.us/launch/jc/123456789", "123456789" },
    { "https://zoom.us/meeting/123456789", "123456789" },
    { "https://zoom.us/j/123456789.", "123456789" },
    { "https://zoom.us/j/123456789...", "123456789" },
    { "https://zoom.us/j/123456789/.", "123456789" },
    { "https://zoom.us/j/123456789,", "123456789" },
    { "https://zoom.us/j/123456789;", "123456789" },
    { "https://zoom.us./j/123456789", "123456789" },
    { "https://zoom.us.:443/j/123456789", "123456789" },
    { "//zoom.us/j/123456789", "123456789" },
    { "https://zoom.us/start?confno=123456789", "123456789" },
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
    { "<https://zoom.us/j/123456789|Join>", "123456789" },
    { "https://zoom.us/j/123456789</a>", "123456789" },
    { "&lt;https://zoom.us/j/123456789&gt;", "123456789" },
    { "[https://zoom.us/j/123456789](https://zoom.us/j/987654321)",
      "123456789" },
    { "'https://zoom.us/j/123456789'", "123456789" },
    { "**https://zoom.us/j/123456789**", "123456789" },
    { "`https://zoom.us/j/123456789`", "123456789" },
    { "\xc2\xa0https://zoom.us/j/123456789\xc2\xa0", "123456789" },
    { "\xe2\x80\x8bhttps://zoom.us/j/123456789\xe2\x80\x8b", "123456789" },
    { "\xef\xbb\xbfhttps://zoom.us/j/123456789\xef\xbb\xbf", "123456789" },
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
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F1%32345678901", "12345678901" },

    { "https://zoom.us/j/123456789?uname=100%&pwd=abc", "123456789" },
    { "https://zoom.us/j/123456789?a=%zz#%", "123456789" },

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
    { "https:///j/123456789", NULL },
    { "https://zoom.us:x/j/123456789", NULL },
    { "https://zoom.us../j/123456789", NULL },
    { "https://./j/123456789", NULL },
    { "///zoom.us/j/123456789", NULL },
    { "//evil.example//zoom.us/j/123456789", NULL },
    { "https://zoom.us:80@evil.example/j/123456789", NULL },
    { "https://zoom.us&amp;x@evil.example/j/123456789", NULL },
    { "https://zoom.us&gt;.evil.example/j/123456789", NULL },
    { "https://zoom.us\xe2\x80\x8b.evil.example/j/123456789", NULL },
    { "https://zoom.us|evil.example/j/123456789", NULL },
    { "https://evil.example\\@zoom.us/j/123456789", NULL },
    { "https://evil.example https://zoom.us/j/123456789", NULL },
    { "https://google.evil.example/url?q=https://zoom.us/j/123456789", NULL },
    { "https://google.com.de/url?q=https://zoom.us/j/123456789", NULL },
    { "https://google.co.cc/url?q=https://zoom.us/j/123456789", NULL },
    { "https://evilgoogle.de/url?q=https://zoom.us/j/123456789", NULL },
    { "https://google.de@evil.example/url?q=https://zoom.us/j/123456789",
      NULL },
    { "https://google.de/url/x?q=https://zoom.us/j/123456789", NULL },
    { "https://google.de/url?q=https://evil.example/&url=https://zoom.us/j/"
      "123456789", NULL },
    { "https://google.de/url?q=https://zoom.us@evil.example/j/123456789",
      NULL },
    { "https://google.de/url?q=https%3A%2F%2Fzoom.us%2F@evil.example%2Fj%2F"
      "123456789", NULL },
    { "https://google.de/url?q=https%3A%2F%2Fzoom.us.evil.example%2Fj%2F"
      "123456789", NULL },
    { "https://google.de/url?q=", NULL },
    { "https://urldefense.com.evil.example/v3/__https://zoom.us/j/123456789"
      "__;!!a!b$", NULL },
    { "https://urldefense.com/v3/__https://zoom.us*evil.example/j/123456789"
      "__;QA!!a!b$", NULL },
    { "https://urldefense.com/v3/__https://*/j/123456789__;em9vbS51cw!!a$",
      NULL },
    { "https://urldefense.com/v3/__https://zoom.us/j/12345678*__;!!a$", NULL },
    { "https://urldefense.com/v3/__https://zoom.us/j/123456789__;=J!!",
      "123456789" },
    { "https://urldefense.com/v3/__https://zoom.us/j/123456789__;J!!", NULL },
    { "https://urldefense.com/v3/__https://zoom.us/j/123456789__", NULL },
    { "https://urldefense.com/v3/https://zoom.us/j/123456789__;!!", NULL },
    { "https://urldefense.proofpoint.com/v2/url?u=https-3A__zoom.us-40evil"
      ".example_j_123456789&d=x", NULL },
    { "https://slack-redir.net/link?url=https%3A%2F%2Fevil.example%2Fj%2F"
      "123456789", NULL },
    { "https://facebook.com.evil.example/l.php?u=https%3A%2F%2Fzoom.us%2Fj"
      "%2F123456789", NULL },
    { "ftp://zoom.us/j/123456789", NULL },
    { "javascript:zoom.us/j/123456789", NULL },
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
    { "https://zoom.us/j/123456789/x", NULL },
    { "https://zoom.us/j/123456789//", NULL },
    { "https://zoom.us/j/123456789.5", NULL },
    { "https://zoom.us/j/123456789%", NULL },
    { "https://zoom.us/j/123456789%3", NULL },
    { "https://zoom.us/j/123456789%41", NULL },
    { "https://zoom.us/j/123456789%3Fpwd%3D%zz", NULL },
    { "https://zoom.us/j/123456789/joinx", NULL },
    { "https://zoom.us/launch/123456789", NULL },
    { "https://zoom.us/launch/jc/123456789/x", NULL },
    { "https://zoom.us/meeting/123456789x", NULL },
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
    { SAFELINK, NULL },
    { SAFELINK "%", NULL },
    { "%", NULL }, { "%%%", NULL }, { "<", NULL }, { "((((", NULL },
    { "://", NULL }, { "https://", NULL }, { "?", NULL }
};


START_TEST(finds_id)
{
    int            rc;
    zoom_buf_t     b;
    zoom_str_t     link;
    unsigned char  id[ZOOM_MEETING_ID_MAX];

    link = zoom_str_c(links[_i].link);
    zoom_buf_init(&b, id, sizeof(id));
    rc = zoom_meeting_id(link, &b);

    ck_assert_msg(rc == (links[_i].id ? 0 : -1), "\"%s\": %d", links[_i].link,
                  rc);

    unit_is(unit_buf(&b), links[_i].id ? links[_i].id : "");
}
END_TEST


START_TEST(finds_numbers)
{
    zoom_buf_t     b;
    unsigned char  id[ZOOM_MEETING_ID_MAX];

    ck_assert_int_eq(zoom_meeting_is_id(S("123456789")), 1);
    ck_assert_int_eq(zoom_meeting_is_id(S("12345678901")), 1);
    ck_assert_int_eq(zoom_meeting_is_id(S("12345678")), 0);
    ck_assert_int_eq(zoom_meeting_is_id(S("123456789012")), 0);
    ck_assert_int_eq(zoom_meeting_is_id(S("123 456 789")), 0);
    ck_assert_int_eq(zoom_meeting_is_id(zoom_str_c(NULL)), 0);

    zoom_buf_init(&b, id, sizeof(id));
    ck_assert_int_eq(zoom_meeting_number(S("861 2580 0160"), &b), 0);
    unit_is(unit_buf(&b), "86125800160");

    /* a link is none, and there must be room */

    ck_assert_int_eq(zoom_meeting_number(S("zoom.us/j/123456789"), &b), -1);
    ck_assert_int_eq(zoom_meeting_number(S("123456789"), &b), -1);
    ck_assert_int_eq(b.overflow, 1);
    ck_assert_int_eq(zoom_meeting_id(S("zoom.us/j/123456789"), &b), -1);
}
END_TEST


static const struct {
    const char  *link;
    const char  *passcode;
    const char  *tk;
    int          webinar;
} reads[] = {
    { "123456789", "", "", 0 },
    { "123 456 789", "", "", 0 },
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

    { "https://zoom.us/j/123456789?Pwd=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?PWD=abc&TK=t", "abc", "t", 0 },
    { "https://zoom.us/j/123456789?passcode=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?passcode=a&password=b", "b", "", 0 },
    { "https://zoom.us/j/123456789?uname=100%&pwd=abc", "abc", "", 0 },
    { "https://zoom.us/launch/jc/123456789?pwd=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789/join?pwd=abc", "abc", "", 0 },

    /* HTML */

    { "https://zoom.us/j/123456789?a=b&amp;pwd=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?a=b&amp;amp;pwd=abc&amp;tk=t", "abc", "t",
      0 },
    { "https://zoom.us/j/123456789?a=b&#38;pwd=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc&quot;&gt;Join", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc&amp;lt;/a&amp;gt;", "abc", "", 0 },
    { "https://zoom.us/j/123456789?a&b&pwd=abc", "abc", "", 0 },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fa%3Db%26amp%3Bpwd"
      "%3Dabc&amp;data=05", "abc", "", 0 },

    /* a passcode ends where what can't be in it begins */

    { "<https://zoom.us/j/123456789?pwd=abc|Join>", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc</a>", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc, and more", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc;x", "abc", "", 0 },
    { "[https://zoom.us/j/123456789?pwd=abc]", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc.1.", "abc.1", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc'", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc\xe2\x80\x8b", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%26b%3d", "a", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a+b", "a", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%2541", "a", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%2Db%2E1", "a-b.1", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%0ab", "a", "", 0 },
    { "https://zoom.us/j/123456789?pwd=a%00b", "a", "", 0 },
    { "https://zoom.us/j/123456789?pwd=%20&passcode=abc", "abc", "", 0 },

    /* encoded along with what is around it */

    { "https://zoom.us/j/123456789?pwd%3Dabc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd%3Dabc&sa=D", "abc", "", 0 },
    { "https://zoom.us/j/123456789%3Fpwd%3Dabc%26tk%3Dt%23x", "abc", "t", 0 },
    { "https://zoom.us/j/123456789&pwd=abc", "abc", "", 0 },
    { "https://zoom.us/j/123456789?x=%&pwd%3Dabc", "abc", "", 0 },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fw%2F123456789%3Fpwd%3Dabc%26tk%3Dt"
      "&data=05", "abc", "t", 1 },
    { SAFELINK "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3Da%252Db&pwd=x",
      "a-b", "", 0 },
    { "https://www.google.com/url?q=https://zoom.us/j/123456789?pwd=abc&sa=D",
      "abc", "", 0 },
    { "https://www.google.com/url?q=https://zoom.us/j/123456789?pwd%3Dabc"
      "&sa=D", "abc", "", 0 },

    /* what is in a value is no other's */

    { "https://zoom.us/w/123456789?tk=a_b?pwd=c", "", "a_b", 1 },
    { "https://zoom.us/w/123456789?tk=a%26pwd=c", "", "a", 1 },
    { "https://zoom.us/w/123456789?tk%3Da?pwd=c", "c", "a", 1 },

    /* in brackets, and in words */

    { "<https://zoom.us/j/123456789?pwd=abc>", "abc", "", 0 },
    { "https://zoom.us/j/123456789?pwd=abc)", "abc", "", 0 },
    { "https://zoom.us/j/123456789 (Passcode: 584706)", "584706", "", 0 },
    { "https://zoom.us/j/123456789 passcode:584706", "584706", "", 0 },
    { "https://zoom.us/j/123456789 (Password: 584706)", "584706", "", 0 },
    { "https://zoom.us/j/123456789 (PASSWORD = aB.1)", "aB.1", "", 0 },
    { "https://zoom.us/j/123456789 Passcode\xc2\xa0:\xc2\xa0" "584706;",
      "584706", "", 0 },
    { "https://zoom.us/j/123456789, Passcode: 584706.", "584706", "", 0 },
    { "https://zoom.us/j/123456789 **Passcode:** `584706`", "584706", "", 0 },
    { "https://zoom.us/j/123456789 (passcode: 5%41)", "5", "", 0 },
    { "https://zoom.us/j/123456789 passcode needed, passcode: 5", "5", "",
      0 },
    { "https://zoom.us/j/123456789 passcode:;password:5", "5", "", 0 },
    { "https://zoom.us/j/123456789</a> (Passcode: 584706)", "584706", "", 0 },
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
    { "https://zoom.us/j/123456789?pwd=a&Pwd=b", "", "", 0 },
    { "https://zoom.us/j/123456789?pwd=", "", "", 0 },
    { "https://zoom.us/j/123456789?wpk=a&epk=b&uss=c&confid=d", "", "", 0 },
    { "https://zoom.us/j/123456789?xpwd=a", "", "", 0 },
    { "https://zoom.us/j/123456789#pwd=a", "", "", 0 },
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
    unsigned char   data[13];

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
    zoom_buf_t     b, id;
    unsigned char  data[4096], text[ZOOM_MEETING_ID_MAX];

    for (wraps = 0; wraps < 7; wraps++) {
        zoom_buf_init(&b, data, sizeof(data));

        for (i = 0; i < wraps; i++) {
            zoom_buf_c(&b, "google.com/url?q=");
        }

        zoom_buf_c(&b, "zoom.us/j/123456789");

        zoom_buf_init(&id, text, sizeof(text));

        ck_assert_int_eq(zoom_meeting_id(unit_buf(&b), &id),
                         wraps <= 4 ? 0 : -1);
    }
}
END_TEST


START_TEST(has_limits)
{
    zoom_buf_t     b, id;
    unsigned char  data[4096], text[ZOOM_MEETING_ID_MAX];

    zoom_buf_init(&id, text, sizeof(text));

    memset(data, 'x', sizeof(data));
    zoom_buf_init(&b, data, sizeof(data));
    zoom_buf_c(&b, "https://zoom.us/j/123456789?");

    ck_assert_int_eq(zoom_meeting_id((zoom_str_t) { data, 2048 }, &id), 0);
    ck_assert_int_eq(zoom_meeting_id((zoom_str_t) { data, 2049 }, &id), -1);
    ck_assert_int_eq(zoom_meeting_id(zoom_str_c(NULL), &id), -1);

    /* nor is a number among so many blanks looked for */

    memset(data, ' ', sizeof(data));
    memcpy(data, "123456789", 9);

    ck_assert_int_eq(zoom_meeting_id((zoom_str_t) { data, 2049 }, &id), -1);
}
END_TEST


/* A row for each row of the table of wrappers. */

static const struct {
    const char  *before;
    const char  *link;
    const char  *after;
} wrappers[] = {
    { "", "https://zoom.us/j/123456789?pwd=CANARY.1", "" },
    { SAFELINK, "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1",
      "&data=05%7C01%7C&reserved=0" },
    { "https://gcc02.safelinks.protection.office365.us/?url=",
      "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1", "&data=05" },
    { "https://eur01.safelinks.protection.outlook.com/ap/t-59584e83/?url=",
      "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1", "&data=05" },
    { "https://nam02.safelinks.protection.outlook.com?url=",
      "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1", "" },
    { "https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/"
      "atp-safelinks.html?url=",
      "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1",
      "&locale=en-us" },
    { "https://www.google.com/url?q=",
      "https://zoom.us/j/123456789?pwd%3DCANARY.1", "&sa=D&usg=AOv" },
    { "https://www.google.co.uk/url?q=",
      "https://zoom.us/j/123456789?pwd%3DCANARY.1", "&sa=D" },
    { "https://google.de/url?sa=t&q=&url=",
      "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1", "&ved=2" },
    { "https://urldefense.proofpoint.com/v1/url?u=",
      "https://zoom.us/j/123456789%3Fpwd%3DCANARY.1", "&k=x" },
    { "https://urldefense.proofpoint.com/v2/url?u=",
      "https-3A__zoom.us_j_123456789-3Fpwd-3DCANARY.1", "&d=DwMGaQ&c=x&e=" },
    { "https://urldefense.com/v3/__",
      "https://zoom.us/j/123456789?pwd=CANARY.1", "__;!!AbC!def-_$" },
    { "https://urldefense.us/v3/__",
      "https://zoom.us/j/123456789?pwd*3DCANARY.1", "__;JQ!!AbC!def$" },
    { "https://urldefense.com/v3/__",
      "https:/zoom.us/j/123456789?pwd*3DCANARY.1", "__;JQ==!!AbC!def$" },
    { "https://urldefense.com/v3/__",
      "https://zoom.us/j/**H?pwd=CANARY.1", "__;MTIzNDU2Nzg5!!AbC!def$" },
    { "https://urldefense.com/v3/__",
      "https://zoom.us/j/123456789?x=*&pwd=CANARY.1&y=**",
      "__;w6lhYg!!AbC!def$" },
    { "https://slack-redir.net/link?url=",
      "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1", "&v=3" },
    { "https://l.facebook.com/l.php?u=",
      "https%3A%2F%2Fzoom.us%2Fj%2F123456789%3Fpwd%3DCANARY.1",
      "%26fbclid%3Dx&h=AT3" }
};


START_TEST(unwraps)
{
    zoom_buf_t      link, b;
    zoom_meeting_t  m;
    unsigned char   text[512], data[576];

    zoom_buf_init(&link, text, sizeof(text));
    zoom_buf_c(&link, wrappers[_i].before);
    zoom_buf_c(&link, wrappers[_i].link);
    zoom_buf_c(&link, wrappers[_i].after);

    zoom_buf_init(&b, data, link.len);
    ck_assert_int_eq(zoom_meeting_read(&m, unit_buf(&link), &b), 0);
    unit_is(m.id, "123456789");
    unit_is(m.passcode, "CANARY.1");

    zoom_buf_init(&b, data, zoom_meeting_mask_size(link.len));
    zoom_meeting_mask(&b, unit_buf(&link));
    ck_assert(!zoom_str_casefind(unit_buf(&b), "CANARY"));
    ck_assert(zoom_str_casefind(unit_buf(&b), "https://zoom.us/j/123456789?"));

    /* what stands behind the wrapper is still there */

    zoom_buf_c(&link, " (Passcode: WORD)");
    zoom_buf_init(&b, data, link.len);
    ck_assert_int_eq(zoom_meeting_read(&m, unit_buf(&link), &b), 0);
    unit_is(m.passcode, "CANARY.1");

    link.len = 0;
    zoom_buf_c(&link, SAFELINK "zoom.us%2Fj%2F123456789 (Passcode: WORD)");
    ck_assert_int_eq(zoom_meeting_read(&m, unit_buf(&link), &b), 0);
    unit_is(m.passcode, "WORD");
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
    tcase_add_test(t, finds_numbers);
    tcase_add_loop_test(t, reads_the_rest, 0, (int) N(reads));
    tcase_add_test(t, reads_no_more_than_fits);
    tcase_add_test(t, unwraps_so_far);
    tcase_add_test(t, has_limits);
    tcase_add_loop_test(t, unwraps, 0, (int) N(wrappers));

    suite_add_tcase(s, t);

    return s;
}
