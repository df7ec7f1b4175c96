//! Tags and pictures.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use lmac::{Picture, Tags};

use crate::error::{Fault, Result, c_text, code, count, lmac_error, or};
use crate::handle::{exclusive, null, reference, take_back};
use crate::sized::{self, SizedStruct};

/// Tags and pictures of a stream: those of a FLAC file.
///
/// A comment is a field and its value, "ARTIST=Ada". Names of fields are printable ASCII other than
/// = and ~, are compared without regard to case, and may have several values. Texts are UTF-8.
///
/// A handle is independent of the decoder that it came from. Several threads may read it; while one
/// changes it, no other may use it. Texts and pictures that were got from it stay valid until it
/// is changed or freed.
#[derive(Debug)]
pub struct lmac_tags {
    tags: Tags,
    /// What C gets of the tags, and they stay the same.
    comments: Vec<Comment>,
    pictures: Vec<PictureTexts>,
}

#[derive(Debug)]
struct Comment {
    /// Field, =, value, and a zero byte.
    text: Vec<u8>,
    /// Bytes of the field.
    field: usize,
}

#[derive(Debug)]
struct PictureTexts {
    mime: CString,
    description: CString,
}

/// A picture. lmac_init() comes first.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lmac_picture {
    /// Bytes of this struct, as the program knows it.
    pub size: usize,
    /// The media type, such as "image/png"; "-->" if the data is the address of the picture.
    /// When a picture is added, NULL lets the library look into the data, also for the dimensions.
    pub mime: *const c_char,
    /// The description. When a picture is added, NULL is an empty one.
    pub description: *const c_char,
    /// The bytes of the picture.
    pub data: *const u8,
    /// The number of bytes.
    pub data_size: usize,
    /// What the picture shows: a number of ID3v2, such as 3 for the front cover.
    pub kind: u32,
    /// Width in pixels; 0 if it is not known.
    pub width: u32,
    /// Height in pixels; 0 if it is not known.
    pub height: u32,
    /// Bits of a pixel; 0 if they are not known.
    pub depth: u32,
    /// Colours of a picture with a palette; 0 for others.
    pub colors: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: integers and pointers, and no field across words that is not larger.
unsafe impl SizedStruct for lmac_picture {
    const NAME: &str = "lmac_picture";
}

impl lmac_tags {
    pub(crate) fn new(tags: Tags) -> Self {
        let mut new = lmac_tags { tags, comments: Vec::new(), pictures: Vec::new() };
        new.renew();
        new
    }

    pub(crate) fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Makes the texts anew.
    fn renew(&mut self) {
        let comments = self.tags.comments.iter();
        self.comments = comments.map(|(field, value)| Comment::new(field, value)).collect();
        self.pictures = self.tags.pictures.iter().map(PictureTexts::new).collect();
    }
}

impl Comment {
    fn new(field: &str, value: &str) -> Self {
        let text = [field.as_bytes(), b"=", value.as_bytes(), b"\0"].concat();
        Comment { text, field: field.len() }
    }

    /// The text from byte `from` on, and its length.
    fn from(&self, from: usize) -> (*const c_char, usize) {
        let text = &self.text[from..];
        (text.as_ptr().cast(), text.len() - 1)
    }
}

impl PictureTexts {
    fn new(picture: &Picture) -> Self {
        PictureTexts { mime: c_text(&picture.mime), description: c_text(&picture.description) }
    }
}

/// A text of the caller.
///
/// # Safety
///
/// The pointer is NULL or points to a text that ends with a zero byte.
unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Fault::argument(format!("{name} is not UTF-8")))
}

/// Makes tags without a comment, for an encoder. lmac_tags_free() frees them.
///
/// Returns NULL only after a fault in the library.
#[unsafe(no_mangle)]
pub extern "C" fn lmac_tags_new() -> *mut lmac_tags {
    or(ptr::null_mut(), || Ok(Box::into_raw(Box::new(lmac_tags::new(Tags::new())))))
}

/// Frees tags. NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_free(tags: *mut lmac_tags) {
    // SAFETY: the caller does not use the tags again.
    code(|| unsafe {
        drop(take_back(tags));
        Ok(())
    });
}

/// Returns the number of comments; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_comment_count(tags: *const lmac_tags) -> usize {
    // SAFETY: the caller's pointer is valid or NULL.
    or(0, || Ok(unsafe { reference(tags, "tags")? }.comments.len()))
}

/// Returns a comment, "FIELD=value", by its number from 0; NULL if there is none.
///
/// `length`, if it is not NULL, gets the bytes of the text, which may have zero bytes in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_comment(
    tags: *const lmac_tags,
    number: usize,
    length: *mut usize,
) -> *const c_char {
    or(ptr::null(), || {
        // SAFETY: the caller's pointer is valid or NULL.
        let tags = unsafe { reference(tags, "tags")? };
        let found = tags.comments.get(number).map(|comment| comment.from(0));
        // SAFETY: the caller's pointer is valid or NULL.
        unsafe { found_text(found, length, || format!("there is no comment {number}")) }
    })
}

/// Returns a value of a field, by its number from 0; NULL if there is none.
///
/// `length`, if it is not NULL, gets the bytes of the text, which may have zero bytes in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_get(
    tags: *const lmac_tags,
    field: *const c_char,
    number: usize,
    length: *mut usize,
) -> *const c_char {
    or(ptr::null(), || {
        // SAFETY: the caller's pointers are valid or NULL.
        let (tags, field) = unsafe { (reference(tags, "tags")?, text(field, "field")?) };
        let all = tags.tags.comments.iter().zip(&tags.comments);
        let mut values = all.filter(|((name, _), _)| name.eq_ignore_ascii_case(field));
        let found = values.nth(number).map(|(_, comment)| comment.from(comment.field + 1));
        // SAFETY: the caller's pointer is valid or NULL.
        unsafe { found_text(found, length, || format!("there is no value {number} of {field}")) }
    })
}

/// Hands out a text and its length.
///
/// # Safety
///
/// `length` is NULL or may be written to.
unsafe fn found_text(
    found: Option<(*const c_char, usize)>,
    length: *mut usize,
    lacking: impl Fn() -> String,
) -> Result<*const c_char> {
    let (text, bytes) = found.ok_or_else(|| Fault::argument(lacking()))?;
    if !length.is_null() {
        // SAFETY: the caller's promise.
        unsafe { length.write(bytes) };
    }
    Ok(text)
}

/// Adds a value to a field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_add(
    tags: *mut lmac_tags,
    field: *const c_char,
    value: *const c_char,
) -> lmac_error {
    code(|| {
        // SAFETY: the caller's pointers are valid or NULL.
        let tags = unsafe { exclusive(tags, "tags")? };
        // SAFETY: as above.
        let (field, value) = unsafe { (text(field, "field")?, text(value, "value")?) };
        tags.tags.add(field, value)?;
        tags.comments.push(Comment::new(field, value));
        Ok(())
    })
}

/// Replaces all values of a field with this one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_set(
    tags: *mut lmac_tags,
    field: *const c_char,
    value: *const c_char,
) -> lmac_error {
    code(|| {
        // SAFETY: the caller's pointers are valid or NULL.
        let tags = unsafe { exclusive(tags, "tags")? };
        // SAFETY: as above.
        let (field, value) = unsafe { (text(field, "field")?, text(value, "value")?) };
        tags.tags.set(field, value)?;
        tags.renew();
        Ok(())
    })
}

/// Removes all values of a field. Returns their number, or a negative lmac_error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_remove(tags: *mut lmac_tags, field: *const c_char) -> i64 {
    count(|| {
        // SAFETY: the caller's pointers are valid or NULL.
        let (tags, field) = unsafe { (exclusive(tags, "tags")?, text(field, "field")?) };
        let removed = tags.tags.remove(field);
        tags.renew();
        Ok(removed as i64)
    })
}

/// Returns the number of pictures; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_picture_count(tags: *const lmac_tags) -> usize {
    // SAFETY: the caller's pointer is valid or NULL.
    or(0, || Ok(unsafe { reference(tags, "tags")? }.pictures.len()))
}

/// Fills in a picture by its number from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_picture(
    tags: *const lmac_tags,
    number: usize,
    picture: *mut lmac_picture,
) -> lmac_error {
    code(|| {
        // SAFETY: the caller's pointer is valid or NULL.
        let tags = unsafe { reference(tags, "tags")? };
        let texts = tags.pictures.get(number);
        let (Some(found), Some(texts)) = (tags.tags.pictures.get(number), texts) else {
            return Err(Fault::argument(format!("there is no picture {number}")));
        };
        let value = lmac_picture {
            size: size_of::<lmac_picture>(),
            mime: texts.mime.as_ptr(),
            description: texts.description.as_ptr(),
            data: found.data.as_ptr(),
            data_size: found.data.len(),
            kind: found.kind,
            width: found.width,
            height: found.height,
            depth: found.depth,
            colors: found.colors,
            reserved: 0,
        };
        // SAFETY: the caller's struct is valid or NULL.
        unsafe { sized::write(picture, &value) }
    })
}

/// Adds a picture. Its texts and data are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_tags_add_picture(
    tags: *mut lmac_tags,
    picture: *const lmac_picture,
) -> lmac_error {
    code(|| {
        // SAFETY: the caller's pointers are valid or NULL.
        let (tags, given) = unsafe { (exclusive(tags, "tags")?, sized::read(picture)?) };
        if given.data.is_null() && given.data_size > 0 {
            return Err(null("data in lmac_picture"));
        }
        if given.data_size > isize::MAX as usize {
            return Err(Fault::argument(format!("a picture of {} bytes", given.data_size)));
        }
        let data = match given.data_size {
            0 => Vec::new(),
            // SAFETY: the caller has so many bytes there.
            bytes => unsafe { std::slice::from_raw_parts(given.data, bytes) }.to_vec(),
        };
        let mut picture = Picture::new(data);
        picture.kind = given.kind;
        if !given.mime.is_null() {
            // SAFETY: it points to a text.
            picture.mime = unsafe { text(given.mime, "mime in lmac_picture")? }.into();
            picture.width = given.width;
            picture.height = given.height;
            picture.depth = given.depth;
            picture.colors = given.colors;
        }
        if !given.description.is_null() {
            // SAFETY: it points to a text.
            let description = unsafe { text(given.description, "description in lmac_picture")? };
            picture.description = description.into();
        }
        tags.pictures.push(PictureTexts::new(&picture));
        tags.tags.pictures.push(picture);
        Ok(())
    })
}
