//! Archives whose bytes depend on the files' paths and contents alone: fixed order, times, owners and permissions.

use std::io::{Cursor, Write};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use lzma_rust2::{XzOptions, XzWriter};
use tar::{EntryType, Header};
use time::OffsetDateTime;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::contents::Contents;

/// The same binary lies in both bundles, 20 to 60 MB apart. A dictionary of this size lets the second copy cost nothing.
const DICTIONARY: u32 = 96 << 20;
const PRESET: u32 = 6;

/// A compressed tar archive.
pub fn tar_xz(contents: &Contents, time: u64) -> Result<Vec<u8>> {
    let tar = tar(contents, time)?;
    let mut options = XzOptions::with_preset(PRESET);
    let length = u32::try_from(tar.len()).unwrap_or(DICTIONARY).max(1 << 16);
    options.lzma_options.dict_size = DICTIONARY.min(length);
    let mut writer = XzWriter::new(Vec::new(), options)?;
    writer.write_all(&tar)?;
    Ok(writer.finish()?)
}

/// A tar archive. All belongs to root.
fn tar(contents: &Contents, time: u64) -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let header = |kind: EntryType, mode: u32, size: usize| -> Result<Header> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root")?;
        header.set_groupname("root")?;
        header.set_size(size as u64);
        Ok(header)
    };
    // Tools that unpack need each folder before its files.
    for folder in contents.folders() {
        builder.append_data(&mut header(EntryType::Directory, 0o755, 0)?, format!("{folder}/"), std::io::empty())?;
    }
    for (path, item) in contents.iter() {
        let mode = if item.is_executable { 0o755 } else { 0o644 };
        let mut header = header(EntryType::Regular, mode, item.bytes.len())?;
        builder.append_data(&mut header, path, item.bytes.as_slice())?;
    }
    Ok(builder.into_inner()?)
}

/// A zip archive.
pub fn zip(contents: &Contents, time: u64) -> Result<Vec<u8>> {
    let date = OffsetDateTime::from_unix_timestamp(i64::try_from(time)?)?;
    let year = u16::try_from(date.year())?;
    let date =
        DateTime::from_date_and_time(year, date.month().into(), date.day(), date.hour(), date.minute(), date.second());
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(date.context("zip archives know no time before 1980; set SOURCE_DATE_EPOCH")?);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, item) in contents.iter() {
        let mode = if item.is_executable { 0o755 } else { 0o644 };
        writer.start_file(path, options.unix_permissions(mode))?;
        writer.write_all(&item.bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// A compressed file that tells neither name nor time.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    writer.write_all(bytes)?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    const TIME: u64 = 1_795_897_359;

    fn sample() -> Contents {
        let mut contents = Contents::default();
        contents.add("tonenet/README.txt", "read me").unwrap();
        contents.add_program("tonenet/bin/tonenet", [0, 1, 2]).unwrap();
        let long = format!("tonenet/{}/file", "a-long-name/".repeat(20).trim_end_matches('/'));
        contents.add(long, vec![7; 100_000]).unwrap();
        contents
    }

    #[test]
    fn the_same_files_make_the_same_archives() {
        for make in [tar_xz, zip] {
            assert_eq!(make(&sample(), TIME).unwrap(), make(&sample(), TIME).unwrap());
            assert_ne!(make(&sample(), TIME).unwrap(), make(&sample(), TIME + 10).unwrap());
        }
    }

    #[test]
    fn a_tar_archive_gives_back_files_modes_and_times() {
        let packed = tar_xz(&sample(), TIME).unwrap();
        assert!(packed.len() < 10_000, "{} bytes", packed.len());
        let mut archive = tar::Archive::new(lzma_rust2::XzReader::new(packed.as_slice(), true));
        let mut found = Contents::default();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (TIME, 0, 0));
            let (is_program, path) = (header.mode().unwrap() & 0o111 != 0, entry.path().unwrap().into_owned());
            let path = path.to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            match (entry.header().entry_type(), is_program) {
                (EntryType::Directory, _) => {}
                (_, true) => found.add_program(path, bytes).unwrap(),
                (_, false) => found.add(path, bytes).unwrap(),
            }
        }
        assert_eq!(found, sample());
    }

    #[test]
    fn a_compressed_page_tells_no_time() {
        assert_eq!(gzip(b"page").unwrap()[4..8], [0; 4]);
    }
}
