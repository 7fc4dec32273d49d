/* What a caller of the gateway has asked for, in words. */

#include "zoom_audit.h"
#include "zoom_string.h"


static int zoom_audit_shows(zoom_str_t name);
static int zoom_audit_plain(unsigned char c);


void
zoom_audit_endpoint(zoom_buf_t *b, const zoom_endpoint_t *endpoint,
    const zoom_path_t *path)
{
    size_t      i;
    zoom_str_t  name, value;

    zoom_endpoint_name(b, endpoint);

    i = 0;

    if (!zoom_endpoint_parameter(endpoint, path, &i, &name, &value)) {
        return;
    }

    zoom_buf_c(b, " (");

    for ( ;; ) {
        zoom_buf_str(b, name);
        zoom_buf_c(b, "=");

        if (zoom_audit_shows(name)) {
            zoom_audit_text(b, value);

        } else {
            zoom_buf_c(b, "***");
        }

        if (!zoom_endpoint_parameter(endpoint, path, &i, &name, &value)) {
            break;
        }

        zoom_buf_c(b, ", ");
    }

    zoom_buf_c(b, ")");
}


/* A list of what is shown, since nobody knows what Zoom will publish next. */

static int
zoom_audit_shows(zoom_str_t name)
{
    size_t      i;
    zoom_str_t  end, tail;

    static const char *const  ends[] = {
        "id", "identifier", "email", "number", "type"
    };

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        end = zoom_str_c(ends[i]);

        if (name.len < end.len) {
            continue;
        }

        tail.data = name.data + name.len - end.len;
        tail.len = end.len;

        if (zoom_str_caseeq(tail, end)) {
            return 1;
        }
    }

    return 0;
}


void
zoom_audit_text(zoom_buf_t *b, zoom_str_t text)
{
    size_t         i;
    unsigned char  out[3];

    static const char  hex[] = "0123456789ABCDEF";

    for (i = 0; i < text.len; i++) {

        if (zoom_audit_plain(text.data[i])) {
            zoom_buf_add(b, &text.data[i], 1);
            continue;
        }

        out[0] = '%';
        out[1] = (unsigned char) hex[text.data[i] >> 4];
        out[2] = (unsigned char) hex[text.data[i] & 0xf];

        zoom_buf_add(b, out, 3);
    }
}


static int
zoom_audit_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z')
           || (c && memchr("-._~@+:=", c, sizeof("-._~@+:=") - 1) != NULL);
}
