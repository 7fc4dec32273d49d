/* Users of an account, as Zoom's API lists them and makes them. */

#include "zoom_json.h"
#include "zoom_users.h"


static void zoom_users_mend(unsigned char *text, size_t len);
static int zoom_users_unit(const unsigned char *p, const unsigned char *last);
static void zoom_users_item(json_t *value, zoom_users_item_t *item);
static zoom_str_t zoom_users_text(const json_t *object, const char *name,
    size_t max);
static void zoom_users_next(zoom_users_page_t *page, const json_t *root);
static zoom_users_e zoom_users_result(int status, int code,
    const json_t *root);
static zoom_users_e zoom_users_status(const json_t *root);
static int zoom_users_code(const json_t *root);
static void zoom_users_quote(zoom_buf_t *b, zoom_str_t s);


/* U+FFFD, for what is no character */

static const char  zoom_users_unknown[4] = { 'f', 'f', 'f', 'd' };


const char *
zoom_users_page(zoom_users_page_t *page, unsigned char *text, size_t len,
    const char *list, zoom_users_item_pt item, void *data)
{
    size_t              i;
    json_t             *root, *value;
    zoom_str_t          s;
    const char         *why;
    const json_t       *values;
    zoom_users_item_t   one;

    page->items = 0;
    page->token_len = 0;

    zoom_users_mend(text, len);

    s.data = text;
    s.len = len;

    root = zoom_json_load_list(s, ZOOM_USERS_PAGE_MAX, &why);

    if (root == NULL) {
        return why;
    }

    values = json_object_get(root, list);

    if (!json_is_array(values)) {
        json_decref(root);
        return "has no list in it";
    }

    json_array_foreach(values, i, value) {
        if (json_is_object(value)) {
            zoom_users_item(value, &one);
            page->items++;
            item(data, &one);
        }
    }

    zoom_users_next(page, root);

    json_decref(root);

    return NULL;
}


/*
 * U+0000 and halves of characters, which JSON can spell and Jansson refuses,
 * become U+FFFD: a name that somebody cut is no reason to lose a page.
 */

static void
zoom_users_mend(unsigned char *text, size_t len)
{
    int             unit, low;
    unsigned char  *p, *last;

    last = text + len;

    for (p = text; p < last; p++) {

        if (*p != '\\') {
            continue;
        }

        unit = zoom_users_unit(p, last);

        if (unit == -1) {

            /* what is behind it is escaped */

            p++;
            continue;
        }

        if (unit >= 0xd800 && unit < 0xdc00) {
            low = zoom_users_unit(p + 6, last);

            if (low >= 0xdc00 && low < 0xe000) {
                p += 11;
                continue;
            }
        }

        if (unit == 0 || (unit >= 0xd800 && unit < 0xe000)) {
            memcpy(p + 2, zoom_users_unknown, sizeof(zoom_users_unknown));
        }

        p += 5;
    }
}


/* The number of \uXXXX at "p"; -1: there is none. */

static int
zoom_users_unit(const unsigned char *p, const unsigned char *last)
{
    int            i, unit;
    unsigned char  c;

    if (last - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return -1;
    }

    unit = 0;

    for (i = 2; i < 6; i++) {
        c = zoom_lower(p[i]);

        if (c >= '0' && c <= '9') {
            unit = unit * 16 + (c - '0');

        } else if (c >= 'a' && c <= 'f') {
            unit = unit * 16 + (c - 'a' + 10);

        } else {
            return -1;
        }
    }

    return unit;
}


static void
zoom_users_item(json_t *value, zoom_users_item_t *item)
{
    item->id = zoom_users_text(value, "id", ZOOM_USER_ID_MAX);
    item->email = zoom_users_text(value, "email", ZOOM_USER_MAX);
    item->name = zoom_users_text(value, "name", ZOOM_USERS_TOKEN_MAX);
    item->status = zoom_users_text(value, "status", ZOOM_USER_ID_MAX);
}


static zoom_str_t
zoom_users_text(const json_t *object, const char *name, size_t max)
{
    zoom_str_t  s;

    s = zoom_str_c(json_string_value(json_object_get(object, name)));

    if (s.len > max) {
        s.len = 0;
    }

    return s;
}


static void
zoom_users_next(zoom_users_page_t *page, const json_t *root)
{
    zoom_str_t  token;

    token = zoom_users_text(root, "next_page_token", ZOOM_USERS_TOKEN_MAX);

    if (token.len) {
        memcpy(page->token, token.data, token.len);
        page->token_len = token.len;
    }
}


void
zoom_users_answer(zoom_users_answer_t *a, int status, zoom_str_t body)
{
    json_t      *root;
    zoom_str_t   id;

    root = zoom_json_load(body, NULL);

    a->code = zoom_users_code(root);
    a->result = zoom_users_result(status, a->code, root);
    a->id_len = 0;

    zoom_message_clean(a->message, sizeof(a->message),
                       zoom_users_text(root, "message", body.len));

    id = zoom_users_text(root, "id", ZOOM_USER_ID_MAX);

    if (a->result == ZOOM_USERS_ACTIVE && id.len) {
        memcpy(a->id, id.data, id.len);
        a->id_len = id.len;
    }

    json_decref(root);
}


static zoom_users_e
zoom_users_result(int status, int code, const json_t *root)
{
    switch (code) {

    case 0:
        break;

    case 1005:
    case 1009:
        return ZOOM_USERS_EXISTS;

    case 1001:
    case 1010:
        return ZOOM_USERS_UNKNOWN;

    case 1120:
        return ZOOM_USERS_PENDING;

    case 2033:
    case 2034:
    case 2038:
    case 3412:
        return ZOOM_USERS_FULL;

    case 300:
        return (status == 400) ? ZOOM_USERS_EXPIRED : ZOOM_USERS_REFUSED;

    default:
        return ZOOM_USERS_REFUSED;
    }

    if (status == 201 || status == 200) {
        return zoom_users_status(root);
    }

    return ZOOM_USERS_REFUSED;
}


/* Of a user that is there; one who has just been made has none. */

static zoom_users_e
zoom_users_status(const json_t *root)
{
    zoom_str_t                    status;
    static const zoom_str_t       inactive = zoom_str("inactive");
    static const zoom_str_t       pending = zoom_str("pending");

    if (!json_is_string(json_object_get(root, "email"))
        && !json_is_string(json_object_get(root, "id")))
    {
        return ZOOM_USERS_REFUSED;
    }

    status = zoom_users_text(root, "status", ZOOM_USER_ID_MAX);

    if (zoom_str_eq(status, inactive)) {
        return ZOOM_USERS_INACTIVE;
    }

    return zoom_str_eq(status, pending) ? ZOOM_USERS_PENDING
                                        : ZOOM_USERS_ACTIVE;
}


static int
zoom_users_code(const json_t *root)
{
    double  n;

    if (zoom_json_double(json_object_get(root, "code"), &n)
        && n > 0 && n < 1000000000)
    {
        return (int) n;
    }

    return 0;
}


void
zoom_users_create(zoom_buf_t *b, zoom_str_t action, zoom_str_t email,
    unsigned type)
{
    zoom_buf_c(b, "{\"action\":\"");
    zoom_buf_str(b, action);
    zoom_buf_c(b, "\",\"user_info\":{\"email\":\"");
    zoom_users_quote(b, email);
    zoom_buf_c(b, "\",\"type\":");
    zoom_buf_int(b, type);
    zoom_buf_c(b, "}}");
}


/* An e-mail has no controls, but may have these. */

static void
zoom_users_quote(zoom_buf_t *b, zoom_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '"' || s.data[i] == '\\') {
            zoom_buf_c(b, "\\");
        }

        zoom_buf_add(b, &s.data[i], 1);
    }
}


void
zoom_users_numbered(zoom_buf_t *b, zoom_str_t pattern, unsigned n)
{
    size_t  i;

    for (i = 0; i + 1 < pattern.len; i++) {
        if (pattern.data[i] == '%' && pattern.data[i + 1] == 'd') {
            break;
        }
    }

    zoom_buf_add(b, pattern.data, i);
    zoom_buf_int(b, n);
    zoom_buf_add(b, pattern.data + i + 2, pattern.len - i - 2);
}
