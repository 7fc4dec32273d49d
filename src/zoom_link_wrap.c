/* What mail gateways, calendars and chats wrap links in. */

#include <string.h>

#include "zoom_base64.h"
#include "zoom_link.h"


typedef enum {
    ZOOM_LINK_PLAIN = 0,             /* percent-encoded */
    ZOOM_LINK_DASHES,                /* "-" for "%", and "_" for "/" */
    ZOOM_LINK_STARS                  /* no parameter: see below */
} zoom_link_code_e;


typedef struct {
    const char           *domains;   /* separated by a space */
    const char           *path;      /* may go on if it ends with "/" */
    const char           *param;
    zoom_link_code_e      code;
} zoom_link_wrapper_t;


static int zoom_link_decode(zoom_link_t *l, zoom_str_t value,
    zoom_link_code_e code);
static int zoom_link_stars(zoom_link_t *l);
static int zoom_link_star(zoom_buf_t *b, zoom_str_t *s, zoom_str_t *bytes);
static size_t zoom_link_run(zoom_str_t *s);
static int zoom_link_take(zoom_link_t *l, zoom_buf_t *b);


/*
 * https://www.google.com/supported_domains.  Not just any domain of two
 * letters: those below "com.de" or "co.cc" are sold to anybody.
 */

#define ZOOM_LINK_GOOGLE                                                      \
    "google.com google.ad google.ae google.com.af google.com.ag google.al "   \
    "google.am google.co.ao google.com.ar google.as google.at google.com.au " \
    "google.az google.ba google.com.bd google.be google.bf google.bg "        \
    "google.com.bh google.bi google.bj google.com.bn google.com.bo "          \
    "google.com.br google.bs google.bt google.co.bw google.by google.com.bz " \
    "google.ca google.cd google.cf google.cg google.ch google.ci "            \
    "google.co.ck google.cl google.cm google.cn google.com.co google.co.cr "  \
    "google.com.cu google.cv google.com.cy google.cz google.de google.dj "    \
    "google.dk google.dm google.com.do google.dz google.com.ec google.ee "    \
    "google.com.eg google.es google.com.et google.fi google.com.fj "          \
    "google.fm google.fr google.ga google.ge google.gg google.com.gh "        \
    "google.com.gi google.gl google.gm google.gr google.com.gt google.gy "    \
    "google.com.hk google.hn google.hr google.ht google.hu google.co.id "     \
    "google.ie google.co.il google.im google.co.in google.iq google.is "      \
    "google.it google.je google.com.jm google.jo google.co.jp google.co.ke "  \
    "google.com.kh google.ki google.kg google.co.kr google.com.kw google.kz " \
    "google.la google.com.lb google.li google.lk google.co.ls google.lt "     \
    "google.lu google.lv google.com.ly google.co.ma google.md google.me "     \
    "google.mg google.mk google.ml google.com.mm google.mn google.com.mt "    \
    "google.mu google.mv google.mw google.com.mx google.com.my google.co.mz " \
    "google.com.na google.com.ng google.com.ni google.ne google.nl "          \
    "google.no google.com.np google.nr google.nu google.co.nz google.com.om " \
    "google.com.pa google.com.pe google.com.pg google.com.ph google.com.pk "  \
    "google.pl google.pn google.com.pr google.ps google.pt google.com.py "    \
    "google.com.qa google.ro google.ru google.rw google.com.sa "              \
    "google.com.sb google.sc google.se google.com.sg google.sh google.si "    \
    "google.sk google.com.sl google.sn google.so google.sm google.sr "        \
    "google.st google.com.sv google.td google.tg google.co.th google.com.tj " \
    "google.tl google.tm google.tn google.to google.com.tr google.tt "        \
    "google.com.tw google.co.tz google.com.ua google.co.ug google.co.uk "     \
    "google.com.uy google.co.uz google.com.vc google.co.ve google.co.vi "     \
    "google.com.vn google.vu google.ws google.rs google.co.za google.co.zm "  \
    "google.co.zw google.cat"


#define ZOOM_LINK_PROOFPOINT                                                  \
    "urldefense.proofpoint.com urldefense.com urldefense.us"


static const zoom_link_wrapper_t  zoom_link_wrappers[] = {
    { "safelinks.protection.outlook.com safelinks.protection.office365.us",
      "", "url", ZOOM_LINK_PLAIN },
    { "statics.teams.cdn.office.net",
      "/evergreen-assets/safelinks/", "url", ZOOM_LINK_PLAIN },
    { ZOOM_LINK_GOOGLE, "/url", "q", ZOOM_LINK_PLAIN },
    { ZOOM_LINK_GOOGLE, "/url", "url", ZOOM_LINK_PLAIN },
    { ZOOM_LINK_PROOFPOINT, "/v1/url", "u", ZOOM_LINK_PLAIN },
    { ZOOM_LINK_PROOFPOINT, "/v2/url", "u", ZOOM_LINK_DASHES },
    { ZOOM_LINK_PROOFPOINT, "/v3/__", NULL, ZOOM_LINK_STARS },
    { "slack-redir.net", "/link", "url", ZOOM_LINK_PLAIN },
    { "facebook.com", "/l.php", "u", ZOOM_LINK_PLAIN },
    { NULL, NULL, NULL, ZOOM_LINK_PLAIN }
};


int
zoom_link_unwrap(zoom_link_t *l)
{
    int                         more;
    zoom_str_t                  path, value;
    const zoom_link_wrapper_t  *w;

    for (w = zoom_link_wrappers; w->domains; w++) {
        path = l->path;

        if (!zoom_link_skip(&path, w->path)
            || !zoom_link_in(l->host, w->domains))
        {
            continue;
        }

        if (w->code == ZOOM_LINK_STARS) {
            return zoom_link_stars(l);
        }

        more = (w->path[0] == '\0' || w->path[strlen(w->path) - 1] == '/');

        if ((path.len == 0 || more)
            && zoom_link_param(l->query, "&", w->param, &value) == 0)
        {
            return zoom_link_decode(l, value, w->code);
        }
    }

    return -1;
}


static int
zoom_link_decode(zoom_link_t *l, zoom_str_t value, zoom_link_code_e code)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  inner[ZOOM_LINK_MAX], c;

    if (code == ZOOM_LINK_DASHES) {

        for (i = (size_t) (value.data - l->text);
             value.data + value.len != l->text + i;
             i++)
        {
            c = l->text[i];
            l->text[i] = (c == '-') ? '%' : (c == '_') ? '/' : c;
        }
    }

    zoom_buf_init(&b, inner, l->whole.len);
    zoom_link_unescape(&b, value);

    return zoom_link_take(l, &b);
}


/*
 * Proofpoint's third version: https://urldefense.com/v3/__LINK__;BYTES!!...
 * A "*" in LINK stands for the next of the BYTES, which are base64; "**A" for
 * two of them, "**B" for three, and so on.  "https://" may have lost a slash.
 */

static int
zoom_link_stars(zoom_link_t *l)
{
    size_t         i;
    zoom_str_t     s, link, bytes;
    zoom_buf_t     b, decoded;
    unsigned char  inner[ZOOM_LINK_MAX], data[ZOOM_LINK_MAX];

    zoom_buf_init(&b, inner, l->whole.len);
    zoom_buf_init(&decoded, data, sizeof(data));

    s.data = l->path.data;
    s.len = (size_t) (l->whole.data + l->whole.len - s.data);

    (void) zoom_link_skip(&s, "/v3/__");

    link = s;

    for (i = 0; s.len >= 3 && memcmp(s.data, "__;", 3) != 0; i++) {
        zoom_link_cut(&s, 1);
    }

    if (s.len < 3) {
        return -1;
    }

    link.len = i;

    zoom_link_cut(&s, 3);

    if (zoom_base64url_decode(&decoded, zoom_link_until(&s, "=!")) != 0) {
        return -1;
    }

    bytes.data = decoded.data;
    bytes.len = decoded.len;

    if (zoom_link_skip(&link, "https:/")) {
        (void) zoom_link_skip(&link, "/");
        zoom_buf_c(&b, "https://");
    }

    while (link.len) {
        if (zoom_link_star(&b, &link, &bytes) != 0) {
            return -1;
        }
    }

    return zoom_link_take(l, &b);
}


/* Appends what the next character of "s" stands for. */

static int
zoom_link_star(zoom_buf_t *b, zoom_str_t *s, zoom_str_t *bytes)
{
    size_t  n, len;

    if (s->data[0] != '*') {
        zoom_buf_add(b, s->data, 1);
        zoom_link_cut(s, 1);
        return 0;
    }

    for (n = zoom_link_run(s); n; n--) {

        if (bytes->len == 0) {
            return -1;
        }

        /* characters are counted, though most are one byte long */

        len = zoom_utf8_len(bytes->data, bytes->data + bytes->len);
        len = len ? len : 1;

        zoom_buf_add(b, bytes->data, len);
        zoom_link_cut(bytes, len);
    }

    return 0;
}


static size_t
zoom_link_run(zoom_str_t *s)
{
    size_t       n;
    const char  *p;

    static const char  runs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-_";

    n = 1;

    if (s->len >= 3 && s->data[1] == '*' && zoom_one_of(s->data[2], runs)) {
        p = strchr(runs, s->data[2]);
        n = (size_t) (p - runs) + 2;
        zoom_link_cut(s, 2);
    }

    zoom_link_cut(s, 1);

    return n;
}


/*
 * What stands behind the link as it was sent is still needed, and not
 * overwritten: what is in a wrapper is shorter than the wrapper.
 */

static int
zoom_link_take(zoom_link_t *l, zoom_buf_t *b)
{
    zoom_str_t  text;

    memcpy(l->text, b->data, b->len);

    text.data = l->text;
    text.len = b->len;

    zoom_wipe(b->data, b->len);

    return b->overflow ? -1 : zoom_link_init(l, text);
}
