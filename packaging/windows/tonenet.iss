; Makes ToneNet's installer for Windows, from the files that `cargo xtask dist` has laid out.
;
; Usage: iscc /DVersion=VERSION /DFiles=target\dist-files\tonenet-VERSION-windows-x86_64 /DOutput=target\dist packaging\windows\tonenet.iss
; With /DSign and a sign tool that is called "signing" (iscc /Ssigning=…), the installer and uninstaller are signed.

#ifndef Version
  #error Give /DVersion=VERSION
#endif
#ifndef Files
  #error Give /DFiles=FOLDER
#endif
#ifndef Output
  #define Output "."
#endif
; Windows takes numbers alone: 0.2.0 of 0.2.0-rc.1.
#define Numbers Copy(Version, 1, Pos("-", Version + "-") - 1)

[Setup]
; Never change it: it is how Windows knows earlier versions.
AppId={{6E7B0B53-9C0E-4A4C-8E2B-5B1D3C0A7F21}
AppName=ToneNet
AppVersion={#Version}
AppPublisher=The ToneNet authors
AppPublisherURL=https://github.com/tonenet/tonenet
VersionInfoVersion={#Numbers}
VersionInfoTextVersion={#Version}
VersionInfoProductTextVersion={#Version}
DefaultDirName={autopf}\ToneNet
DisableProgramGroupPage=yes
DisableDirPage=auto
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
; Many DAWs look into the folders of all users only.
PrivilegesRequired=admin
MinVersion=10.0
OutputDir={#SourcePath}..\..\{#Output}
OutputBaseFilename=tonenet-{#Version}-windows-x86_64
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
; A DAW that has the plugin open is named, and the user closes it.
CloseApplications=yes
RestartApplications=no
LicenseFile={#SourcePath}..\..\LICENSE-MIT
UninstallDisplayIcon={app}\bin\tonenet.exe
ChangesEnvironment=yes
#ifdef Sign
SignTool=signing
SignedUninstaller=yes
#endif

[Types]
Name: "full"; Description: "Everything"
Name: "custom"; Description: "Choose"; Flags: iscustom

[Components]
Name: "vst3"; Description: "VST3 plugin"; Types: full
Name: "clap"; Description: "CLAP plugin"; Types: full
Name: "programs"; Description: "Programs without a DAW, and the manual"; Types: full

[Tasks]
Name: "path"; Description: "Add the program tonenet to PATH"; Components: programs

[InstallDelete]
; Files of an earlier version that this one does not have.
Type: filesandordirs; Name: "{commoncf64}\VST3\ToneNet.vst3"; Components: vst3
Type: filesandordirs; Name: "{app}\manual"

[Files]
#define Source SourcePath + "..\..\" + Files
Source: "{#Source}\plugins\ToneNet.vst3\*"; DestDir: "{commoncf64}\VST3\ToneNet.vst3"; Components: vst3; Flags: recursesubdirs ignoreversion
; A folder of its own: the library beside the plugin must not meet another maker's.
Source: "{#Source}\plugins\ToneNet.clap"; DestDir: "{commoncf64}\CLAP\ToneNet"; Components: clap; Flags: ignoreversion
Source: "{#Source}\lib\tonenet\onnxruntime.dll"; DestDir: "{commoncf64}\CLAP\ToneNet"; Components: clap; Flags: ignoreversion
Source: "{#Source}\bin\*"; DestDir: "{app}\bin"; Components: programs; Flags: ignoreversion
Source: "{#Source}\lib\*"; DestDir: "{app}\lib"; Components: programs; Flags: recursesubdirs ignoreversion
Source: "{#Source}\manual\*"; DestDir: "{app}\manual"; Components: programs; Flags: recursesubdirs ignoreversion
Source: "{#Source}\demo\*"; DestDir: "{app}\demo"; Components: programs; Flags: recursesubdirs ignoreversion
Source: "{#Source}\README.txt"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Source}\LICENSE-*"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Source}\THIRD_PARTY.md"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Source}\rust-standard-library.html"; DestDir: "{app}"; Flags: ignoreversion

[Icons]
Name: "{autoprograms}\ToneNet"; Filename: "{app}\bin\tonenet-standalone.exe"; Components: programs
Name: "{autoprograms}\ToneNet manual"; Filename: "{app}\manual\index.html"; Components: programs

[Registry]
Root: HKLM; Subkey: "SYSTEM\CurrentControlSet\Control\Session Manager\Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}\bin"; Tasks: path; Check: IsNotInPath

[Code]
const
  Environment = 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment';

function IsNotInPath: Boolean;
var
  Path: String;
begin
  if not RegQueryStringValue(HKEY_LOCAL_MACHINE, Environment, 'Path', Path) then
    Path := '';
  Result := Pos(';' + Lowercase(ExpandConstant('{app}\bin')) + ';', ';' + Lowercase(Path) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Path, Folder: String;
  At: Integer;
begin
  if Step <> usPostUninstall then
    exit;
  if not RegQueryStringValue(HKEY_LOCAL_MACHINE, Environment, 'Path', Path) then
    exit;
  Folder := ';' + ExpandConstant('{app}\bin');
  At := Pos(Lowercase(Folder) + ';', Lowercase(Path) + ';');
  if At > 0 then
  begin
    Delete(Path, At, Length(Folder));
    RegWriteExpandStringValue(HKEY_LOCAL_MACHINE, Environment, 'Path', Path);
  end;
end;
